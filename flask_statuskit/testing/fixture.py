"""`http_audit`: a fixture of pytest that lets no broken response pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, request, request_finished

from ..audit import Finding, collectors, findings_in
from .leaks import DELIBERATE


class HTTPAudit:
    """What the auditor has found in the responses of a test.

    Attributes:
        findings: those that nobody has taken yet, in order; what is left at the end of the test
            fails it.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def take(self) -> list[Finding]:
        """Collect the findings so far, so that they do not fail the test.

        Returns:
            the findings since the test began, or since the last call.
        """
        taken, self.findings = self.findings, []
        return taken

    def _look(self, app: Flask, response: Response, **_: Any) -> None:
        if DELIBERATE not in request.environ:
            self.findings.extend(findings_in(app, response))


@pytest.fixture
def http_audit() -> Iterator[HTTPAudit]:
    """Fails a test in which any Flask application sends a response that breaks a rule.

    It looks at all of them, in whatever thread, with StatusKit or without. Where an application
    has one, its STATUSKIT_AUDIT_IGNORE and STATUSKIT_URL_PREFIXES hold. Whatever its
    STATUSKIT_AUDIT says, it does not warn or raise meanwhile: every finding comes here, once.

    To have it in every test, let a fixture of your own that is ``autouse`` ask for it. A test that
    expects findings takes them:

        def test_the_old_endpoint_is_as_it_was(client, http_audit):
            client.post("/old")
            assert [finding.id for finding in http_audit.take()] == ["SK201"]
    """
    audit = HTTPAudit()
    collectors.append(audit)
    with request_finished.connected_to(audit._look):
        yield audit
    collectors.remove(audit)
    if audit.findings:
        # What is found at every turn of a loop is said once.
        messages = dict.fromkeys(map(str, audit.findings))
        pytest.fail(
            "\n".join([*messages, "A test that expects this takes it: http_audit.take()"]),
            pytrace=False,
        )
