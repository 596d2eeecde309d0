"""What this package says to clients: each sentence is marked, and is in every catalogue."""

from __future__ import annotations

import ast
import copy
import gettext
import importlib.util
import json
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Formatter
from types import ModuleType
from typing import Any

import pytest
from flask import request
from support import call, raising
from translations_support import catalogue, every_locale, po, write

import flask_statuskit
from flask_statuskit import STATUSES, exceptions
from flask_statuskit.exceptions import ERRORS
from flask_statuskit.languages import DIRECTORY, DOMAIN
from flask_statuskit.plain import Sentence, text

PACKAGE = Path(flask_statuskit.__file__).parent


# What is to be translated -------------------------------------------------------------------------

SOURCES = {p.relative_to(PACKAGE).as_posix(): p for p in sorted(PACKAGE.rglob("*.py"))}


def calls(source: Path) -> Iterator[tuple[str, ast.Call]]:
    """The calls in a module, with the names of what is called."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            yield (node.func.id if isinstance(node.func, ast.Name) else node.func.attr), node


def sentences() -> set[str]:
    """All that the code says to clients: rows of errors, `Sentence("...")`, `say("...")`."""
    rows = [row for row in STATUSES.values() if row.code >= 400]
    said = {row.phrase for row in rows} | {row.sentence for row in rows}
    for source in SOURCES.values():
        for name, made in calls(source):
            if name == "Sentence" and made.args and isinstance(made.args[0], ast.Constant):
                said.add(made.args[0].value)
    for template in PACKAGE.rglob("*.html"):
        found = re.findall(r'\bsay\("((?:[^"\\]|\\.)*)"', template.read_text(encoding="utf-8"))
        said.update(found)
    return said


def names(template: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_the_template_has_every_sentence_and_no_other() -> None:
    assert {m.id for m in catalogue(DIRECTORY / f"{DOMAIN}.pot") if m.id} == sentences()


@every_locale
def test_a_catalogue_has_every_sentence_and_no_other(locale: str) -> None:
    messages = po(locale)
    assert {message.id for message in messages if message.id} == sentences()
    assert not messages.obsolete


@every_locale
def test_every_sentence_is_translated_for_good(locale: str) -> None:
    messages = [message for message in po(locale) if message.id]
    assert [message.id for message in messages if not str(message.string).strip()] == []
    assert [message.id for message in messages if message.fuzzy] == []


@every_locale
def test_a_translation_has_the_places_of_its_sentence(locale: str) -> None:
    wrong = [m.id for m in po(locale) if m.id and names(str(m.id)) != names(str(m.string))]
    assert wrong == []


@every_locale
def test_what_is_compiled_is_what_was_written(locale: str) -> None:
    with (DIRECTORY / locale / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    said = sentences()
    assert {s: compiled.gettext(s) for s in said} == {
        message.id: message.string for message in po(locale) if message.id
    }


def test_german_addresses_people_politely_and_ends_as_english_does() -> None:
    for message in po("de"):
        said, german = str(message.id), str(message.string)
        assert said.endswith(".") == german.endswith("."), german
        assert not re.search(r"\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]ein\w*)\b", german), german


def test_what_clients_read_is_marked_as_a_sentence() -> None:
    """A text that is passed to an error, or to one of its field errors, is a `Sentence`."""
    made = {name for name, value in vars(exceptions).items() if value in ERRORS.values()}
    made |= {"ValidationError", "StatusError", "FieldError", "Outcome"}
    unmarked = [
        f"{name}:{node.lineno}: {ast.unparse(node)}"
        for name, source in SOURCES.items()
        for called, node in calls(source)
        for said in (
            *(node.args[:2] if called in made else ()),
            *(k.value for k in node.keywords if called in {*made, "map"} and k.arg == "detail"),
        )
        if isinstance(said, ast.JoinedStr)
        or (isinstance(said, ast.Constant) and isinstance(said.value, str))
    ]
    # In an example of the catalogue stands what an application might say.
    assert [said for said in unmarked if "Must be positive" not in said] == []


def test_what_makes_a_sentence_can_be_found() -> None:
    """Its template is written out, or is another's."""
    hidden = [
        f"{name}:{node.lineno}: {ast.unparse(node)}"
        for name, source in SOURCES.items()
        if name not in ("plain.py", "languages.py")
        for called, node in calls(source)
        if called == "Sentence" and not isinstance(node.args[0], ast.Constant)
    ]
    assert hidden == []


def test_the_json_decoder_says_nothing_else_of_what_clients_send() -> None:
    broken = ["{", "[1", "nul", "{1:2}", '{"a" 1}', "1 2", '"a', '"\x01"', r'"\q"', r'"\uZ"']
    for body in [*broken, "[1,]", '{"a":1,}']:
        app, headers = raising(lambda: request.get_json()), {"Content-Type": "application/json"}
        detail = call(app, "POST", headers=headers, body=body.encode()).json["detail"]
        what = detail.removeprefix("The body is not valid JSON: ").partition(", line ")[0]
        assert what in sentences()


# make translations --------------------------------------------------------------------------------


@pytest.fixture
def updater(tmp_path: Path) -> ModuleType:
    """What `make translations` runs, in a directory of its own."""
    path = PACKAGE.parent / ".ci" / "translations.py"
    spec = importlib.util.spec_from_file_location("ci_translations", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module).update(DIRECTORY=tmp_path, TEMPLATE=tmp_path / f"{DOMAIN}.pot")
    return module


def test_make_translations_finds_what_the_code_says(updater: ModuleType) -> None:
    assert {message.id for message in updater.sentences() if message.id} == sentences()


def test_make_translations_begins_a_language_and_lists_what_is_missing(
    updater: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert updater.main(["fr"]) == 1
    path = updater.DIRECTORY / "fr" / "LC_MESSAGES" / f"{DOMAIN}.po"
    assert {message.id for message in catalogue(path, "fr") if message.id} == sentences()
    assert "to be translated: Not Found\n" in capsys.readouterr().out


def test_make_translations_keeps_what_is_translated_and_drops_what_is_gone(
    updater: ModuleType,
) -> None:
    write(updater.DIRECTORY, "de", {"Gone for good": "Endgültig weg", "Not Found": "Nicht da"})
    updater.main([])
    path = updater.DIRECTORY / "de" / "LC_MESSAGES" / f"{DOMAIN}.po"
    kept = {m.id: m.string for m in catalogue(path, "de") if m.id and m.string}
    assert kept == {"Not Found": "Nicht da"}
    assert "Gone for good" not in path.read_text(encoding="utf-8")
    with path.with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Not Found") == "Nicht da"


def test_make_translations_changes_nothing_where_nothing_is_new(updater: ModuleType) -> None:
    write(updater.DIRECTORY, "de", {"Not Found": "Nicht da"})
    updater.main([])
    before = {path: path.read_bytes() for path in updater.DIRECTORY.rglob("*.*")}
    assert len(before) == 3
    updater.main([])
    assert {path: path.read_bytes() for path in updater.DIRECTORY.rglob("*.*")} == before


# Sentences ----------------------------------------------------------------------------------------


def sentence() -> Sentence:
    inner = Sentence("Has to be at least {number}.", number=7)
    return Sentence("{name}: {detail}", name="price", detail=inner)


@pytest.mark.parametrize(
    "passed_on",
    [
        text,
        copy.copy,
        copy.deepcopy,
        *(
            lambda said, p=protocol: pickle.loads(pickle.dumps(said, p))  # type: ignore[misc]
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ),
    ],
)
def test_a_sentence_stays_one(passed_on: Callable[[Any], Any]) -> None:
    passed = passed_on(sentence())
    assert type(passed) is Sentence
    assert passed == "price: Has to be at least 7."
    german = {"{name}: {detail}": "{name} > {detail}", "Has to be at least {number}.": "≥ {number}"}
    assert passed.translated(german.__getitem__) == "price > ≥ 7"


def test_a_sentence_is_text_to_everybody_else() -> None:
    said = sentence()
    assert json.dumps(said) == '"price: Has to be at least 7."'
    assert f"{said}" == "%s" % said == str(said) == said  # noqa: UP031
    assert hash(said) == hash(str(said))
    assert type(said[:5]) is str


def test_values_in_a_sentence_are_not_read_as_places() -> None:
    said = Sentence("{name}: {detail}", name="{detail.__class__}", detail="{0}")
    assert said == "{detail.__class__}: {0}"
    assert said.translated(str) == "{detail.__class__}: {0}"


def test_values_in_a_sentence_are_text_that_utf8_can_carry() -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise RuntimeError

    said = Sentence("{name}: {detail}", name="\ud800", detail=Unprintable())
    assert said == "?: <Unprintable>"


def test_a_sentence_without_values_is_not_a_template() -> None:
    assert Sentence("{0} {") == "{0} {"
    assert Sentence("Has to be at least {number}.").filled(number=3) == "Has to be at least 3."
