"""Markdown tables that can be read in a terminal, and the page that has them."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

_LIBRARIES = ("flask", "werkzeug", "marshmallow", "flask-statuskit", "gunicorn")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table, with the columns that hold numbers set to the right, but for the first."""
    cells = [[*head], *([*row] for row in rows)]
    columns: list[list[str]] = []
    for title, *body in zip(*cells, strict=True):
        is_number = bool(columns) and any(re.match(r"-?\d", cell) for cell in body)
        width = max(3, *map(len, (title, *body)))
        rule = "-" * (width - 1) + ":" if is_number else "-" * width
        set_to = str.rjust if is_number else str.ljust
        columns.append([set_to(title, width), rule, *(set_to(cell, width) for cell in body)])
    return "\n".join(f"| {' | '.join(row)} |" for row in zip(*columns, strict=True))


def machine(distributions: Iterable[str]) -> str:
    """What all of it was measured on, without a name of the machine."""
    installed = []
    for name in sorted({*_LIBRARIES, *distributions}):
        try:
            installed.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    interpreter = f"{platform.python_implementation()} {platform.python_version()}"
    system = f"{platform.system()} {platform.release().partition('-')[0]} on {platform.machine()}"
    load = os.getloadavg()[0]
    return "\n".join(
        [
            f"- {date.today()}, {interpreter}, {system}",
            f"- {_processor()}, {os.cpu_count()} cores; load average at the end {load:.1f}",
            f"- {', '.join(installed)}",
        ]
    )


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or "processor unknown"


def written(page: str, figures: Mapping[str, str]) -> str:
    """A page with new figures between the comments that name them.

    Raises:
        ValueError: the page has no place for some of them.
    """
    for name, text in figures.items():
        place = re.compile(
            rf"(<!-- {name}: written by make bench -->\n).*?(<!-- end of {name} -->)", re.DOTALL
        )
        page, replaced = place.subn(lambda at, text=text: f"{at[1]}\n{text}\n\n{at[2]}", page)
        if replaced != 1:
            raise ValueError(f"{replaced} places for {name}, where there has to be one.")
    return page
