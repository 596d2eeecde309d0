"""Catalogues of translations: those of the package, and small ones to write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from flask_statuskit.languages import DIRECTORY, DOMAIN

LOCALES = ["de", "zh_Hans"]
every_locale = pytest.mark.parametrize("locale", LOCALES)


def catalogue(path: Path, locale: str | None = None) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def po(locale: str) -> Catalog:
    return catalogue(DIRECTORY / locale / "LC_MESSAGES" / f"{DOMAIN}.po", locale)


def write(
    directory: Path, locale: str, translations: Mapping[str, str], domain: str = DOMAIN
) -> None:
    """Write a catalogue, .po and .mo, into a translation directory."""
    found = Catalog(locale, domain, fuzzy=False)
    for said, translation in translations.items():
        found.add(said, translation)
    path = directory / locale / "LC_MESSAGES" / f"{domain}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, found)
    lines = ['msgid ""', 'msgstr "Content-Type: text/plain; charset=utf-8\\n"', ""]
    for said, translation in translations.items():
        lines += [f"msgid {json.dumps(said)}", f'msgstr "{translation}"', ""]
    path.write_text("\n".join(lines), encoding="utf-8")
