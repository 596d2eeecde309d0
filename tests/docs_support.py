"""Replay a page of the documentation and say what the code says.

The language of a block decides what is done with it. The blocks of a page run from top to bottom
and share their names.

```python    code
```pycon     a session; what follows each >>> is compared
```console   `$ curl ...`, sent to the page's `app` without a server; the response is compared
```sh        commands for people; what they `export` holds for the blocks below
```text      a drawing
"""

from __future__ import annotations

import argparse
import doctest
import json
import os
import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

LANGUAGES = {"python", "pycon", "console", "sh", "text"}

_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: A command, continued where a line ends with a backslash, and the lines up to the next one.
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_EXPORT = re.compile(r"^export (\w+)=(.*)$", re.MULTILINE)
_ALLOW = re.compile(r"^Allow: (.*)$", re.MULTILINE)
_ID = re.compile(r"\b[0-9a-f]{32}\b")

_curl = argparse.ArgumentParser("curl")
_curl.add_argument("url")
_curl.add_argument("-i", action="store_true", help="show the status line and the headers")
_curl.add_argument("-s", action="store_true")
_curl.add_argument("-X", dest="method")
_curl.add_argument("-H", dest="headers", action="append", default=[])
_curl.add_argument("-d", dest="data")


class Block(NamedTuple):
    """A fenced block: its language, its code, and the line of the page where the code begins."""

    language: str
    code: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(match[1], match[2], text.count("\n", 0, match.start(2)) + 1)
        for match in _FENCE.finditer(text)
    ]


class Session:
    """The blocks of one page, each run by the method that is named like its language."""

    def __init__(self, page: Path) -> None:
        self.page = page
        self.names: dict[str, Any] = {"__name__": "app"}

    def python(self, block: Block) -> None:
        # As if it stood in the page alone, so that tracebacks name the page's lines.
        source = "\n" * (block.line - 1) + block.code
        exec(compile(source, str(self.page), "exec"), self.names)

    def pycon(self, block: Block) -> str:
        """What differs from what the page shows; nothing, most of the time."""
        test = doctest.DocTestParser().get_doctest(
            block.code, {}, self.page.name, str(self.page), block.line - 1
        )
        test.globs = self.names
        report: list[str] = []
        runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
        runner.run(test, out=report.append, clear_globs=False)
        return "".join(report)

    def sh(self, block: Block) -> None:
        for name, value in _EXPORT.findall(block.code):
            os.environ[name] = " ".join(shlex.split(value))

    def console(self, block: Block) -> list[tuple[str, str, str]]:
        """Each command with the response that the page shows and the one that the app gives."""
        return [
            (command, comparable(shown, command), comparable(self.curl(command), command))
            for command, shown in _COMMAND.findall(block.code)
        ]

    def curl(self, command: str) -> str:
        """What curl would print, less what a server adds (Server, Date, Connection)."""
        options = _curl.parse_args(shlex.split(command.replace("\\\n", ""))[1:])
        headers = Headers({"Accept": "*/*"})
        if options.data is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        for header in options.headers:
            name, _, value = header.partition(": ")
            headers[name] = value
        url = urlsplit(options.url)
        environ = EnvironBuilder(
            url.path,
            base_url=f"{url.scheme}://{url.netloc}",
            query_string=url.query,
            method=options.method or ("GET" if options.data is None else "POST"),
            headers=headers,
            data=options.data,
        ).get_environ()
        chunks, status, lines = run_wsgi_app(self.names["app"], environ)
        head = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in lines), ""]
        return "\n".join([*(head if options.i else []), b"".join(chunks).decode()])


def comparable(response: str, command: str) -> str:
    """A response less what may differ: made-up ids, the layout of JSON, the order of Allow."""
    head, separator, body = response.strip().rpartition("\n\n")
    if body.startswith("{"):
        # The order of the members is part of the response, and stays.
        body = json.dumps(json.loads(body), indent=1)
    # Werkzeug keeps the methods in a set.
    head = _ALLOW.sub(lambda match: f"Allow: {sorted(match[1].split(', '))}", head)
    response = f"{head}{separator}{body}"
    return _ID.sub(lambda match: match[0] if match[0] in command else "(request id)", response)
