"""Helpers for the tests of applications.

assert_problem    a response is the problem that a test expects
record_problems   what a whole run of tests was answered, held against what views declare
assert_no_leaks   no endpoint tells clients in production what is for the log only
http_audit        a fixture of pytest that lets no broken response pass

Functions are imported where they are called. For the fixture, name the module as a plugin in the
topmost ``conftest.py``, or import it in any:

    pytest_plugins = ["flask_statuskit.testing"]

    from flask_statuskit.testing import http_audit
"""

from __future__ import annotations

from .fixture import HTTPAudit, http_audit
from .leaks import assert_no_leaks
from .problems import assert_problem
from .record import KnownProblem, ProblemRecord, record_problems

__all__ = [
    "HTTPAudit",
    "KnownProblem",
    "ProblemRecord",
    "assert_no_leaks",
    "assert_problem",
    "http_audit",
    "record_problems",
]
