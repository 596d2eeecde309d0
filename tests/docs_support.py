"""Replay a page of the documentation and say what the code says.

The language of a block decides what is done with it. The blocks of a page run from top to bottom
and share their names: those of a module `app`.

```python    code; if it begins with a comment `# name.py`, also a file of that name
```jinja     a file, whose name stands in its first line: {# templates/name.html #}
```po        a file, whose name stands in its first line: # translations/de/...
```pycon     a session; what follows each >>> is compared
```console   commands; what each prints is compared
    $ curl ...               is sent to the page's `app` without a server; where a line of what
                             the page shows is `...`, there may be anything
    $ flask statuskit ...    is a command of the page's `app`
    $ flask run ...          serves the page's app.py, and is sent the `curl` before it
    $ pytest ...             runs the page's files
    $ pybabel ...            works on them
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
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import click
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flask_statuskit import cli

#: Those of blocks that print nothing.
SILENT = {"python", "jinja", "po", "sh"}
LANGUAGES = {*SILENT, "pycon", "console", "text"}

_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: A command, continued where a line ends with a backslash, and the lines up to the next one.
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_MODULE = re.compile(r"# (\w+\.py)\n")
_FILE = re.compile(r"(?:\{#|#) ([\w/.]+)(?: #\})?\n")
_EXPORT = re.compile(r"^export (\w+)=(.*)$", re.MULTILINE)
_ALLOW = re.compile(r"^Allow: (.*)$", re.MULTILINE)
_ID = re.compile(r"\b[0-9a-f]{32}\b")

_curl = argparse.ArgumentParser("curl")
_curl.add_argument("url")
_curl.add_argument("-i", action="store_true", help="show the status line and the headers")
_curl.add_argument("-I", dest="head", action="store_true", help="ask for nothing else")
_curl.add_argument("-s", action="store_true")
_curl.add_argument("-X", dest="method")
_curl.add_argument("-H", dest="headers", action="append", default=[])
_curl.add_argument("-d", dest="data")
_curl.add_argument("-r", dest="range")


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
    """The blocks of one page, each run by the method that is named like its language.

    So are commands: `flask run` by `flask_run`.

    Parameters:
        page: the page.
        directory: an empty directory for the files that are shown on it.
    """

    def __init__(self, page: Path, directory: Path) -> None:
        self.page = page
        self.directory = directory
        self.module = ModuleType("app")
        # Where Flask looks for templates, and Flask-Babel for translations.
        self.module.__file__ = str(directory / "app.py")
        self.names: dict[str, Any] = vars(self.module)
        self._asked: list[str] = []

    def defines(self, cls: type) -> bool:
        """Whether a class is one of the page's, and not of other tests in this process."""
        return cls in self.names.values()

    def python(self, block: Block) -> None:
        # As if it stood in the page alone, so that tracebacks name the page's lines.
        file, source = self.page, "\n" * (block.line - 1) + block.code
        if named := _MODULE.match(block.code):
            file, source = self.directory / named[1], block.code
            file.write_text(source, encoding="utf-8")
        exec(compile(source, str(file), "exec"), self.names)

    def jinja(self, block: Block) -> None:
        named = _FILE.match(block.code)
        assert named, f"{self.page.name}:{block.line} does not begin with the name of a file"
        file = self.directory / named[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.code[named.end() :], encoding="utf-8")

    po = jinja

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

    def console(self, block: Block) -> Iterator[tuple[str, str, str]]:
        """Each command with what the page shows and what it prints, equal if they agree."""
        for command, shown in _COMMAND.findall(block.code):
            program, *arguments = shlex.split(command.replace("\\\n", ""))
            name = f"flask_{arguments[0]}" if program == "flask" else program
            printed = getattr(self, name)(arguments)
            if program == "curl":
                shown, printed = comparable(shown, command), comparable(printed, command)
            # JSON may well have dots in it.
            exact = program == "curl" and "..." not in shown.splitlines()
            agree = not exact and _agree(shown, printed, name)
            yield command, shown, shown if agree else printed

    def curl(self, arguments: list[str]) -> str:
        """What curl would print, less what a server adds (Server, Date, Connection)."""
        self._asked = arguments
        options, method, headers = _request(arguments)
        url = urlsplit(options.url)
        environ = EnvironBuilder(
            url.path,
            base_url=f"{url.scheme}://{url.netloc}",
            query_string=url.query,
            method=method,
            headers=headers,
            data=options.data,
        ).get_environ()
        chunks, status, lines = run_wsgi_app(self.names["app"], environ)
        head = [f"{name}: {value}" for name, value in lines if name != "Date"]
        head = [f"HTTP/1.1 {status}", *head, ""] if options.i or options.head else []
        return "\n".join([*head, b"".join(chunks).decode()])

    def flask_statuskit(self, arguments: list[str]) -> str:
        runner = self.names["app"].test_cli_runner(env={"COLUMNS": "80"})
        before = os.getcwd()
        os.chdir(self.directory)
        try:
            return runner.invoke(cli.group, arguments[1:], prog_name="flask statuskit").output
        finally:
            os.chdir(before)

    def flask_run(self, arguments: list[str]) -> str:
        """What the server prints until it has answered the page's last request."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        arguments = [str(port) if argument == "8000" else argument for argument in arguments]
        # The reloader would be a second process, which outlives the first.
        server = self._start("flask", *arguments, FLASK_RUN_RELOAD="false")
        try:
            self._ask(port, server)
        finally:
            server.terminate()
            printed, _ = server.communicate()
        return self._seen(printed)

    def pytest(self, arguments: list[str]) -> str:
        # Plugins that happen to be installed have their say in the summary.
        run = self._start("pytest", *arguments, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
        return self._seen(run.communicate()[0])

    def pybabel(self, arguments: list[str]) -> str:
        run = self._start("babel.messages.frontend", *arguments)
        return self._seen(run.communicate()[0])

    def _start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        # Without what the tests themselves may have been started with.
        clean = {**os.environ, "PYTHONWARNINGS": "", "PYTEST_ADDOPTS": "", "COLUMNS": "80"}
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.directory,
            env={**clean, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def _ask(self, port: int, server: subprocess.Popen[str]) -> None:
        """Repeat the page's last request, as soon as the server listens."""
        options, method, headers = _request(self._asked)
        url = urlsplit(options.url)
        for _ in range(400):
            connection = HTTPConnection("127.0.0.1", port, timeout=20)
            try:
                connection.request(method, url.path, options.data, dict(headers))
                connection.getresponse().read()
                return
            except ConnectionRefusedError:
                if server.poll() is not None:
                    return
                time.sleep(0.05)
            finally:
                connection.close()

    def _seen(self, printed: str) -> str:
        return click.unstyle(printed).replace(str(self.directory), "/shop")


def _request(arguments: list[str]) -> tuple[argparse.Namespace, str, Headers]:
    """What curl's options say, and the method and headers that follow from them."""
    options = _curl.parse_args(arguments)
    headers = Headers({"Accept": "*/*"})
    if options.data is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if options.range:
        headers["Range"] = f"bytes={options.range}"
    for header in options.headers:
        name, _, value = header.partition(": ")
        headers[name] = value
    default = "HEAD" if options.head else "GET" if options.data is None else "POST"
    return options, options.method or default, headers


def _agree(shown: str, printed: str, name: str) -> bool:
    """Whether a command prints what the page shows; `...` stands for anything, as in doctests."""
    # Long lines of other programs are broken to fit the page; ours have a layout to keep.
    layout = 0 if name in ("curl", "flask_statuskit") else doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(
        shown.strip() + "\n", printed.strip() + "\n", doctest.ELLIPSIS | layout
    )


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
