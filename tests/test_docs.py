"""The documentation says what the code does. How its pages are replayed: docs_support.py."""

from __future__ import annotations

import gc
import inspect
import os
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import click
import pytest
from docs_support import LANGUAGES, SILENT, Session, blocks
from flask import Flask, template_rendered

import flask_statuskit
from flask_statuskit import Finding, StatusKit, cli, problem_raised
from flask_statuskit.config import KEYS
from flask_statuskit.integrations import INTEGRATIONS
from flask_statuskit.rules import RULES, Rule

ROOT = Path(__file__).parent.parent
INTEGRATION_PAGES = sorted((ROOT / "docs" / "integrations").glob("*.md"))
# The other pages of integrations are replayed in tests/integrations, where their libraries are.
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "docs" / "integrations" / "index.md",
]
WITH_LINKS = [
    *(*PAGES, *INTEGRATION_PAGES),
    *(ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


PROBLEM_TYPES = StatusKit.problem_types


@pytest.fixture
def session(page: Path, tmp_path: Path) -> Iterator[Session]:
    session = Session(page, tmp_path)
    # Only this module goes again: of a library that is imported twice, nobody knows both halves.
    sys.modules["app"] = session.module
    with (
        mock.patch.dict(os.environ),
        mock.patch.object(
            StatusKit, "problem_types", lambda kit: [*filter(session.defines, PROBLEM_TYPES(kit))]
        ),
    ):
        yield session
    del sys.modules["app"]
    # A page's problem types and receivers are no business of the tests that follow.
    for receiver in list(problem_raised.receivers.values()):
        problem_raised.disconnect(receiver)
    session.names.clear()
    gc.collect()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_code_does_what_the_page_shows(page: Path, session: Session) -> None:
    for block in blocks(page):
        if block.language in SILENT:
            getattr(session, block.language)(block)
        elif block.language == "pycon":
            assert session.pycon(block) == ""
        elif block.language == "console":
            replayed = list(session.console(block))
            assert replayed, f"{name(page)}:{block.line} has no `$ ...`"
            for command, shown, printed in replayed:
                assert printed == shown, f"{name(page)}:{block.line} {command}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_says_what_it_is(page: Path) -> None:
    # A block in a language that nothing replays would show what nobody checks.
    languages = {block.language for block in blocks(page) if not block.language.startswith("{")}
    assert languages <= LANGUAGES


@pytest.mark.parametrize("page", generate["TABLES"])
def test_tables_are_what_the_code_says(page: str) -> None:
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == generate["updated"](page), "Run: python docs/generate.py"


@pytest.mark.parametrize("public", flask_statuskit.__all__)
def test_every_public_name_is_documented(public: str) -> None:
    assert re.search(rf"\b{public}\b", TEXT)


def test_the_settings_that_the_docs_name_are_those_that_exist() -> None:
    # STATUSKIT_ENVIROMENT and STATUSKIT_EXPOSE_INTERNAL are there to be refused.
    named = set(re.findall(r"(?<!FLASK_)\bSTATUSKIT_[A-Z_]+[A-Z]\b", TEXT))
    assert named == {*KEYS, "STATUSKIT_ENVIROMENT", "STATUSKIT_EXPOSE_INTERNAL"}


def test_every_module_has_its_row_in_the_design() -> None:
    rooms = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/design.md").read_text("utf-8"), re.M)
    package = Path(flask_statuskit.__file__).parent
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in package.glob("*/__init__.py")}
    assert sorted(rooms) == sorted(modules | packages)


def test_the_values_that_a_template_is_given_are_those_that_the_page_lists(
    tmp_path: Path,
) -> None:
    (tmp_path / "statuskit").mkdir()
    (tmp_path / "statuskit" / "404.html").write_text("lost")
    app = Flask("shop", template_folder=str(tmp_path))
    flask_statuskit.StatusKit(app)
    given: dict[str, object] = {}

    def remember(_: Flask, context: dict[str, object], **__: object) -> None:
        given.update(context)

    with template_rendered.connected_to(remember, app):
        app.test_client().get("/", headers={"Accept": "text/html"})
    page = (ROOT / "docs/pages.md").read_text("utf-8")
    table = page.partition("### What a template is given\n")[2].partition("\n\n#")[0]
    rows = re.findall(r"^\| (`.*?`) \|", table, re.M)
    listed = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert listed == given.keys() - {"g", "request", "session"}


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_finding_links_to_the_section_of_its_rule(rule: Rule) -> None:
    link = re.search(r"(docs/[\w.-]+)#([\w-]+)", str(Finding(rule, "GET", "/", None, 200)))
    assert link
    page = ROOT / link[1]
    assert link[2] in anchors(page)
    assert f"\n### {rule.id}\n" in page.read_text("utf-8")


@pytest.mark.parametrize("command", cli.group.list_commands(click.Context(cli.group)))
def test_every_command_is_replayed(command: str) -> None:
    page = blocks(ROOT / "docs/cli.md")
    consoles = "".join(block.code for block in page if block.language == "console")
    assert re.search(rf"^\$ flask statuskit {command}( (?!.*--json).*)?$", consoles, re.M)
    assert re.search(rf"^\$ flask statuskit {command} .*--json$", consoles, re.M)


def test_the_diagram_of_decisions_says_the_same_as_the_words() -> None:
    page = ROOT / "docs/which-status.md"
    diagram = next(block.code for block in blocks(page) if block.language == "text")
    words = (
        page.read_text("utf-8").partition("## The same in words\n")[2].partition("\n\nIf none")[0]
    )
    drawn = re.findall(r"(\d+)\. (.*?\?) ─.*▶ (.*)", diagram)
    told = re.findall(r"^(\d+)\. \*\*(.*?\?)\*\*((?:.|\n(?!\d+\. ))*)", words, re.M)
    assert [(number, question, statuses(text)) for number, question, text in drawn] == [
        (number, question, statuses(text)) for number, question, text in told
    ]
    for _, question, text in told:
        for error in re.findall(r"`raise (\w+)", text):
            assert getattr(flask_statuskit, error).code in statuses(text), question
        for helper in re.findall(r"`return (\w+)\(", text):
            assert helper == "send_file" or helper in flask_statuskit.__all__


def statuses(text: str) -> set[int]:
    return {int(code) for code in re.findall(r"\b[1-5]\d\d\b", text)}


def test_every_integration_has_its_page() -> None:
    text = (ROOT / "docs/integrations/index.md").read_text("utf-8")
    listed = text.partition("{toctree}")[2].partition("```")[0].split()[1:]
    assert sorted(listed) == [page.stem for page in INTEGRATION_PAGES if page.stem != "index"]
    assert listed == [*INTEGRATIONS, "observability"]


def test_flask_looks_handlers_up_as_the_design_says() -> None:
    # Not callable in another way: StatusKit's function stands in its place.
    parameters = inspect.signature(Flask._find_error_handler).parameters
    assert list(parameters) == ["self", "e", "blueprints"]
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters.values())


def test_the_make_targets_that_the_readme_names_exist() -> None:
    targets = re.findall(r"^make (\w+)", (ROOT / "README.md").read_text("utf-8"), re.M)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert targets == ["example", "test"]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M)


@pytest.mark.parametrize("page", WITH_LINKS, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", prose(page)):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.is_file(), link
            assert not anchor or anchor in anchors(target), link


def anchors(page: Path) -> list[str]:
    """The anchors of a page's headings, as the code host and Sphinx make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return [re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings]


def prose(page: Path) -> str:
    """A page without its blocks, where a comment would be a heading and an index a link."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S)
