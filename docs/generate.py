"""Write what describes code from that code: ``python docs/generate.py``.

A page holds each table, or what else is written, between two comments, which name it:

<!-- settings: written by docs/generate.py -->
<!-- end of settings -->
"""

import json
import logging
import re
import textwrap
from importlib import import_module
from pathlib import Path

from click.testing import CliRunner

from flask_statuskit import cli
from flask_statuskit.config import PREFIX, ROWS
from flask_statuskit.dialects import BUILT_IN, NAMES, PROBLEM, negotiate
from flask_statuskit.exceptions import ERRORS
from flask_statuskit.integrations import INTEGRATIONS
from flask_statuskit.pages import HTML
from flask_statuskit.response import BY_ACCEPT
from flask_statuskit.rules import RULES
from flask_statuskit.statuses import STATUSES

DOCS = Path(__file__).parent

_DOCUMENTS = {
    "RFC": "https://www.rfc-editor.org/rfc/rfc{}",
    "PEP": "https://peps.python.org/pep-{}/",
}


_NAMED = {name: {**BUILT_IN, "html": HTML}[name] for name in NAMES}

_DIALECTS = {
    "problem": "RFC 9457, as JSON",
    "simple": "`error`, `code`, and the members; never chosen by Accept",
    "jsonapi": "JSON:API 1.1, its `errors`",
    "xml": "RFC 9457, appendix B",
    "text": "for people at a terminal",
    "html": "[a page](pages.md), for people at a browser",
}

_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9"

#: What clients send as Accept when nobody tells them otherwise; most are recorded.
CLIENTS = {
    "curl, wget, `fetch`, requests, httpx, htmx 2, Postman": "*/*",
    "urllib, Go, OkHttp": None,
    "axios, Angular": "application/json, text/plain, */*",
    "jQuery, for JSON": "application/json, text/javascript, */*; q=0.01",
    "HTTPie": "application/json, */*;q=0.5",
    "Spring, for text": "text/plain, */*",
    "Spring, for an object": "application/json, application/*+json",
    "HttpURLConnection": "text/html, image/gif, image/jpeg, */*; q=0.2",
    "GitHub's clients": "application/vnd.github+json",
    "Chrome, Edge": (
        f"{_BROWSER},image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,"
        "application/signed-exchange;v=b3;q=0.7"
    ),
    "Firefox, Safari": f"{_BROWSER},*/*;q=0.8",
    "htmx 4": "text/html, text/event-stream",
    "Turbo": "text/html, application/xhtml+xml",
    "jQuery, for HTML": "text/html, */*; q=0.01",
    "an image in Chrome": (
        "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
    ),
    "clients of JSON:API": "application/vnd.api+json",
    "jQuery, for XML": "application/xml, text/xml, */*; q=0.01",
}


def dialects_table():
    rows = [
        (f'`"{name}"`', f"`{dialect.media_type}`", _names(dialect), _DIALECTS[name])
        for name, dialect in _NAMED.items()
    ]
    return _table(("Name", "Content-Type", "Also sent to who asks for", "What it is"), rows)


def _names(dialect):
    return ", ".join(f"`{alias}`" for alias in dialect.aliases)


def clients_table():
    rows = [
        (client, f"`{accept}`" if accept else "(none)", _dialect_for(accept))
        for client, accept in CLIENTS.items()
    ]
    return _table(("Client", "What it sends as Accept", "What it gets"), rows)


def _dialect_for(accept):
    chosen = negotiate(accept, PROBLEM, BY_ACCEPT)
    return next(f"`{name}`" for name, dialect in _NAMED.items() if dialect is chosen)


def settings_table():
    rows = [
        (
            f"`{PREFIX}{name.upper()}`",
            _defaults(row),
            _text(row.metadata["parser"].forms),
            _text(row.metadata["doc"]),
        )
        for name, row in ROWS.items()
    ]
    return _table(("Key", "Default", "Accepted", "What it decides"), rows)


def _defaults(row):
    differing = row.metadata["environments"].items()
    return "; ".join(
        [_code(row, row.metadata["default"])]
        + [f"in {environment} {_code(row, value)}" for environment, value in differing]
    )


def _code(row, value):
    if row.name == "log_levels":
        value = {status: logging.getLevelName(level) for status, level in value.items()}
    # Strings as the other tables and JSON write them.
    return f"`{value!r}`".replace("'", '"')


def errors_table():
    rows = [
        (str(code), f"`{cls.__name__}`", _headers(code), _text(_when(STATUSES[code].use_when)))
        for code, cls in sorted(ERRORS.items())
    ]
    return _table(("Status", "Class", "Headers it owes", "When to raise it"), rows)


def _when(sentence):
    without = sentence.removeprefix("Use it when ")
    return without[0].upper() + without[1:]


def _headers(code):
    levels = {"must": "", "should": " (should)", "may": " (may)"}
    return ", ".join(f"`{duty.header}`{levels[duty.level]}" for duty in STATUSES[code].duties)


def statuses_table():
    # Like the cheat sheet in the terminal, from the same rows.
    printed = CliRunner().invoke(cli.group, ["statuses", "--json"])
    rows = [
        (
            str(row["code"]),
            _text(row["phrase"]),
            f"`{row['type']}`" if row["type"] else "",
            _text(_when(row["use_when"])),
            ", ".join(map(str, row["confused_with"])),
        )
        for row in json.loads(printed.stdout)
    ]
    return _table(("Status", "Phrase", "Type", "When", "Not to confuse with"), rows)


def rules_table():
    rows = [(f"[{rule.id}](#{rule.id.lower()})", _text(rule.summary)) for rule in RULES.values()]
    return _table(("Rule", "What is wrong"), rows)


def rules():
    """A section for each rule. Its heading is the bare id, which is where warnings link to."""
    return "\n".join(
        f"### {rule.id}\n\n{_explanation(rule)}\n\n"
        f"```python\n# {_request(rule)}\n"
        f"{_view(rule, 'broken')}\n\n{_view(rule, 'right')}```\n"
        for rule in RULES.values()
    )


def _explanation(rule):
    sections = _with_links(rule.section)
    if rule.decorator:
        sections = f"[the contract](contract.md) and {sections}"
    text = f"{_sentence(rule.summary)} {_with_code(rule.hint)} See {sections}."
    return textwrap.fill(text, 118, break_long_words=False, break_on_hyphens=False)


def _sentence(summary):
    return f"{summary[0].upper()}{summary[1:]}."


def _with_code(hint):
    """A hint with its calls, keywords and settings marked as code, where it does not do so."""
    code = r"`[^`]+`|@?[\w.]+\([^)]*\)|\b\w+=|\bSTATUSKIT_\w+"
    return re.sub(code, lambda match: f"`{match[0].strip('`')}`", hint)


def _with_links(sections):
    """Sections of RFCs and PEPs with links to them, and others as they are."""
    links, document = [], ""
    for section in sections.split(", "):
        part = re.fullmatch(r"(?:(RFC|PEP) (\d+))? ?(?:§([\d.]+))?", section)
        if part and part[1]:
            document = _DOCUMENTS[part[1]].format(part[2])
        anchor = f"#section-{part[3]}" if part and part[3] else ""
        links.append(f"[{section}]({document}{anchor})" if part else section)
    return ", ".join(links)


def _request(rule):
    asked = ", ".join(f"{name}: {value}" for name, value in rule.asked.items())
    return f"{rule.request} with {asked}" if asked else rule.request


def _view(rule, name):
    decorator = f"{rule.decorator}\n" if rule.decorator else ""
    return f"{decorator}def {name}():\n{textwrap.indent(getattr(rule, name), '    ')}\n"


def integrations_table():
    rows = [
        (f"[`{name}`]({name}.md)", "by default" if default else "by name", _first_line(name))
        for name, default in INTEGRATIONS.items()
    ]
    return _table(("Integration", "On", "What it does"), rows)


def _first_line(name):
    module = import_module(f"flask_statuskit.integrations.{name}")
    return _text(module.__doc__.partition("\n")[0])


def _table(head, rows):
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _text(text):
    """Plain text as Markdown that shows the same."""
    return re.sub(r"([\\*<|])", r"\\\1", text)


TABLES = {
    "audit.md": {"rules-table": rules_table, "rules": rules},
    "config.md": {"settings": settings_table},
    "errors.md": {"errors": errors_table},
    "formats.md": {"dialects": dialects_table, "clients": clients_table},
    "integrations/index.md": {"integrations": integrations_table},
    "which-status.md": {"statuses": statuses_table},
}


def updated(page):
    """The text of a page with its tables as they have to be now."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, table in TABLES[page].items():
        before, after = f"<!-- {name}: written by docs/generate.py -->", f"<!-- end of {name} -->"
        start, end = text.index(before) + len(before), text.index(after)
        text = f"{text[:start]}\n\n{table()}\n{text[end:]}"
    return text


if __name__ == "__main__":
    for page in TABLES:
        (DOCS / page).write_text(updated(page), encoding="utf-8")
