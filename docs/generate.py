"""Write the tables that describe code from that code: ``python docs/generate.py``.

A page holds each table between two comments, which name it:

<!-- settings: written by docs/generate.py -->
<!-- end of settings -->
"""

import logging
import re
from importlib import import_module
from pathlib import Path

from flask_statuskit.config import PREFIX, ROWS
from flask_statuskit.exceptions import ERRORS
from flask_statuskit.integrations import INTEGRATIONS
from flask_statuskit.statuses import STATUSES

DOCS = Path(__file__).parent


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
    "config.md": {"settings": settings_table},
    "errors.md": {"errors": errors_table},
    "integrations/index.md": {"integrations": integrations_table},
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
