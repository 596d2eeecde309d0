"""The broken endpoints of the example app: for each rule of the auditor one that breaks it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from example_app_support import assert_problem
from flask import Flask
from support import call

from example_app import create_app
from example_app.config import Development, Production, Testing
from example_app.database import engine_of
from flask_statuskit import AuditError
from flask_statuskit.audit import RULES


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    app = create_app(Testing)
    yield app
    engine_of(app).dispose()


def broken_endpoints(app: Flask) -> dict[str, str]:
    """The method of each broken endpoint, by its URL."""
    return {
        rule.rule: next(m for m in ("GET", "POST", "DELETE") if m in (rule.methods or ()))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("broken.")
    }


def test_each_rule_has_a_broken_endpoint(app: Flask) -> None:
    assert set(broken_endpoints(app)) == {f"/broken/{id.lower()}" for id in RULES}


@pytest.mark.parametrize("id", RULES)
def test_a_broken_endpoint_breaks_its_rule_and_no_other(id: str, app: Flask) -> None:
    path = f"/broken/{id.lower()}"
    with pytest.raises(AuditError) as raised:
        call(app, broken_endpoints(app)[path], path)
    assert [finding.id for finding in raised.value.findings] == [id]


@pytest.mark.parametrize("id", RULES)
def test_a_broken_endpoint_says_in_one_line_what_is_wrong_with_it(id: str, app: Flask) -> None:
    said = app.view_functions[f"broken.{id.lower()}"].__doc__ or ""
    assert said.endswith(".")
    assert "\n" not in said


@pytest.mark.parametrize("id", RULES)
def test_in_production_there_are_no_broken_endpoints(id: str, in_production: Flask) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert_problem(call(in_production, method, f"/broken/{id.lower()}"), 404)


@pytest.fixture(scope="module")
def in_production() -> Iterator[Flask]:
    app = create_app(type("Config", (Production,), {"DATABASE_URL": "sqlite://"}))
    yield app
    engine_of(app).dispose()


def test_only_in_production_there_are_none() -> None:
    flags = {cls.__name__: cls.BROKEN_ENDPOINTS for cls in (Production, Development, Testing)}
    assert flags == {"Production": False, "Development": True, "Testing": True}
