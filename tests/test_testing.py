"""The fixture `http_audit`: what it finds, and what pytest reports of it."""

from __future__ import annotations

import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, request_finished
from support import call, make_app
from werkzeug.serving import make_server

from flask_statuskit import testing
from flask_statuskit.audit import collectors
from flask_statuskit.testing import HTTPAudit

pytest_plugins = ["pytester"]

#: As a test module or a conftest.py of an application has it.
http_audit = testing.http_audit


def shop(config: dict[str, Any] | None = None, *, bare: bool = False) -> Flask:
    """An application that creates a user without saying where, and redirects to nowhere."""
    app = Flask("shop") if bare else make_app(config)
    app.add_url_rule("/users", "users.create", lambda: ({"id": 7}, 201), methods=["POST"])
    app.add_url_rule("/old", "old", lambda: ("", 302))
    app.add_url_rule("/", "index", lambda: "All is well.")
    return app


def create_user(app: Flask) -> None:
    assert call(app, "POST", "/users").status == 201


def taken(audit: HTTPAudit) -> list[str]:
    return [finding.id for finding in audit.take()]


# What it finds ------------------------------------------------------------------------------------


def test_findings_are_taken_in_order_and_once(http_audit: HTTPAudit) -> None:
    app = shop()
    create_user(app)
    call(app, "GET", "/old")
    assert [finding.id for finding in http_audit.findings] == ["SK201", "SK302"]
    assert taken(http_audit) == ["SK201", "SK302"]
    assert http_audit.findings == []
    assert taken(http_audit) == []
    create_user(app)
    assert taken(http_audit) == ["SK201"]


def test_a_right_response_is_no_finding(http_audit: HTTPAudit) -> None:
    assert call(shop(), "GET", "/").status == 200
    assert http_audit.findings == []


def test_a_finding_says_where_it_was_found(http_audit: HTTPAudit) -> None:
    create_user(shop())
    [finding] = http_audit.take()
    found = finding.method, finding.path, finding.endpoint, finding.status
    assert found == ("POST", "/users", "users.create", 201)


def test_an_application_without_statuskit_is_looked_at(http_audit: HTTPAudit) -> None:
    create_user(shop(bare=True))
    assert taken(http_audit) == ["SK201"]


def test_every_application_is_looked_at(http_audit: HTTPAudit) -> None:
    for app in (shop(), shop(bare=True), shop()):
        create_user(app)
    assert taken(http_audit) == ["SK201"] * 3


@pytest.mark.parametrize("testing", [True, False])
@pytest.mark.parametrize("audit", ["off", "warn", "raise"])
def test_the_applications_own_auditor_leaves_findings_to_the_fixture(
    audit: str, testing: bool, http_audit: HTTPAudit, caplog: pytest.LogCaptureFixture
) -> None:
    # Warnings are errors in these tests, so one would change the response.
    create_user(shop({"STATUSKIT_AUDIT": audit, "TESTING": testing}))
    assert taken(http_audit) == ["SK201"]
    assert caplog.records == []


@pytest.mark.parametrize(
    ("ignored", "found"),
    [
        (["SK201"], ["SK302"]),
        ({"users.*": ["SK201", "SK302"]}, ["SK302"]),
        ({"old": ["SK201"]}, ["SK201", "SK302"]),
        (["SK201", "SK302"], []),
    ],
)
def test_what_the_application_ignores_is_no_finding(
    ignored: Any, found: list[str], http_audit: HTTPAudit
) -> None:
    app = shop({"STATUSKIT_AUDIT_IGNORE": ignored})
    create_user(app)
    call(app, "GET", "/old")
    assert taken(http_audit) == found


@pytest.mark.parametrize(("prefixes", "found"), [("/users", ["SK201"]), ("/api", [])])
def test_the_rest_of_a_site_is_left_alone(
    prefixes: str, found: list[str], http_audit: HTTPAudit
) -> None:
    app = shop({"STATUSKIT_URL_PREFIXES": prefixes})
    create_user(app)
    call(app, "GET", "/old")
    assert taken(http_audit) == found


def test_a_request_in_a_thread_is_looked_at(http_audit: HTTPAudit) -> None:
    thread = threading.Thread(target=create_user, args=[shop()])
    thread.start()
    thread.join()
    assert taken(http_audit) == ["SK201"]


@pytest.mark.parametrize("audit", ["off", "raise"])
def test_a_server_in_a_thread_is_looked_at(audit: str, http_audit: HTTPAudit) -> None:
    server = make_server("127.0.0.1", 0, shop({"STATUSKIT_AUDIT": audit, "TESTING": True}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/users"
        with urllib.request.urlopen(url, data=b"", timeout=10) as response:
            assert response.status == 201
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert taken(http_audit) == ["SK201"]


# What pytest reports of it ------------------------------------------------------------------------

CONFTEST = """
    import pytest
    from flask import Flask
    from flask_statuskit import StatusKit
    from flask_statuskit.testing import http_audit

    @pytest.fixture
    def app():
        app = Flask("shop")
        app.config.update(TESTING=True)
        StatusKit(app)
        app.post("/users", endpoint="create_user")(lambda: ({"id": 7}, 201))
        return app

    @pytest.fixture
    def client(app):
        return app.test_client()
"""
MESSAGE = (
    "SK201 POST create_user: a 201 without Location (201 Created). Return created(location, body)*"
)

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run the tests of an application, in a pytest of their own."""

    def run(tests: str, conftest: str = CONFTEST, *arguments: str) -> pytest.RunResult:
        pytester.makeconftest(conftest)
        pytester.makepyfile(tests)
        return pytester.runpytest_inprocess("-W", "error", *arguments)

    return run


def test_a_finding_fails_the_test_with_its_message(run: Run) -> None:
    result = run("""
        def test_create(client, http_audit):
            client.post("/users")
    """)
    result.assert_outcomes(passed=1, errors=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_create*",
            MESSAGE,
            "A test that expects this takes it: http_audit.take()",
        ]
    )
    result.stdout.no_fnmatch_line("*testing.py*")


def test_a_test_that_takes_its_findings_passes(run: Run) -> None:
    result = run("""
        def test_create(client, http_audit):
            client.post("/users")
            assert [finding.id for finding in http_audit.take()] == ["SK201"]
    """)
    result.assert_outcomes(passed=1)


def test_what_comes_after_the_last_take_fails_the_test(run: Run) -> None:
    result = run("""
        def test_create(client, http_audit):
            client.post("/users")
            http_audit.take()
            client.post("/users")
    """)
    result.assert_outcomes(passed=1, errors=1)


def test_a_failure_of_the_test_and_a_finding_are_both_reported(run: Run) -> None:
    result = run("""
        def test_create(client, http_audit):
            assert client.post("/users").status_code == 200
    """)
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines([MESSAGE, "E*assert 201 == 200"])


def test_the_same_finding_is_said_once(run: Run) -> None:
    result = run("""
        def test_create(client, http_audit):
            for _ in range(5):
                client.post("/users")
            assert len(http_audit.findings) == 5
    """)
    result.assert_outcomes(passed=1, errors=1)
    reported = [line for line in result.outlines if line.startswith("SK201")]
    assert len(reported) == 1


def test_a_test_without_the_fixture_is_left_alone(run: Run) -> None:
    result = run("""
        def test_create(app, client):
            app.config["STATUSKIT_AUDIT"] = "off"
            client.post("/users")
    """)
    result.assert_outcomes(passed=1)


def test_nothing_is_left_to_the_next_test(run: Run) -> None:
    listening = list(request_finished.receivers_for(object()))
    result = run("""
        import pytest
        from flask_statuskit import AuditError, HTTPAuditWarning

        def test_create(client, http_audit):
            client.post("/users")

        def test_another(http_audit):
            assert http_audit.findings == []

        def test_the_auditor_warns(client):
            with pytest.warns(HTTPAuditWarning, match="SK201"):
                client.post("/users")

        def test_the_auditor_raises(app, client):
            app.config["STATUSKIT_AUDIT"] = "raise"
            with pytest.raises(AuditError, match="SK201"):
                client.post("/users")
    """)
    result.assert_outcomes(passed=4, errors=1)
    assert collectors == []
    assert list(request_finished.receivers_for(object())) == listening


@pytest.mark.parametrize("audit", ["off", "warn", "raise"])
def test_a_finding_is_reported_once_whatever_the_auditor_does(audit: str, run: Run) -> None:
    result = run(f"""
        def test_create(app, client, http_audit):
            app.config["STATUSKIT_AUDIT"] = "{audit}"
            assert client.post("/users").status_code == 201
    """)
    result.assert_outcomes(passed=1, errors=1, warnings=0)


AUTOUSE = """
    @pytest.fixture(autouse=True)
    def no_broken_responses(http_audit):
        pass
"""


def test_a_fixture_of_the_application_uses_it_everywhere(run: Run) -> None:
    result = run(
        """
        import unittest
        from flask import Flask

        def test_create(client):
            client.post("/users")

        def test_create_on_purpose(client, http_audit):
            client.post("/users")
            assert http_audit.take()

        def test_read(client):
            client.get("/")

        class TestUsers(unittest.TestCase):
            def test_create(self):
                app = Flask("shop")
                app.post("/users", endpoint="create_user")(lambda: ({"id": 7}, 201))
                app.test_client().post("/users")
        """,
        CONFTEST + AUTOUSE,
    )
    result.assert_outcomes(passed=4, errors=2)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_create*", "*ERROR at teardown of TestUsers.test_create*"]
    )


def test_a_request_of_another_fixture_at_its_end_is_looked_at(run: Run) -> None:
    result = run(
        """
        import pytest

        @pytest.fixture
        def logged_in(client):
            yield
            client.post("/users")

        def test_read(logged_in):
            pass
        """,
        CONFTEST + AUTOUSE,
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([MESSAGE])


def test_the_module_can_be_named_as_a_plugin(pytester: pytest.Pytester) -> None:
    imported = "from flask_statuskit.testing import http_audit"
    pytester.makeconftest(
        CONFTEST.replace(imported, 'pytest_plugins = ["flask_statuskit.testing"]')
    )
    pytester.makepyfile("""
        def test_create(client, http_audit):
            client.post("/users")
    """)
    # Here it has been imported already, which pytest would warn of.
    result = pytester.runpytest_subprocess("-W", "error")
    result.assert_outcomes(passed=1, errors=1)


def test_nobody_imports_pytest_for_an_application() -> None:
    program = (
        "import sys, flask_statuskit, flask_statuskit.cli;"
        "flask_statuskit.cli.group.list_commands(None);"
        "from flask import Flask; flask_statuskit.StatusKit(Flask('shop'));"
        "print({'pytest', 'flask_statuskit.testing'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert run.stdout == "set()\n"
