"""pytest plugin: put StatusKit into every app of a test suite that does not know it.

`--statuskit before`  at the end of `Flask.__init__`: ahead of the app's own handlers
`--statuskit after`   at the app's first request: behind everything the app registered
`--statuskit bare`    not at all: the baseline

`--statuskit-report FILE` takes the outcome as JSON: tests run and failed, apps that got StatusKit.
"""

import functools
import json
from pathlib import Path

import flask

outcome = {"ran": 0, "failed": [], "apps": 0}


def install(app):
    from flask_statuskit import StatusKit  # here, so that a bare run does not even import it

    StatusKit(app)
    outcome["apps"] += 1


def install_before():
    init = flask.Flask.__init__

    # A subclass with an __init__ of its own comes through here as well, by its super().__init__().
    @functools.wraps(init)
    def __init__(self, *args, **kwargs):
        init(self, *args, **kwargs)
        install(self)

    flask.Flask.__init__ = __init__


def install_after():
    # Not test_client() or test_request_context(): fixtures call those before the test has
    # registered anything. __call__ comes before a context is pushed (errors there are ours as
    # well); the other two are for tests that go round it.
    for name in ("__call__", "wsgi_app", "full_dispatch_request"):
        setattr(flask.Flask, name, installing_first(getattr(flask.Flask, name)))


def installing_first(method):
    @functools.wraps(method)
    def wrapper(self, *args, **kwargs):
        if "statuskit" not in self.extensions and not self._got_first_request:
            install(self)
        return method(self, *args, **kwargs)

    return wrapper


def pytest_addoption(parser):
    parser.addoption("--statuskit", choices=["bare", "before", "after"], required=True)
    parser.addoption("--statuskit-report", type=Path, required=True)


def pytest_configure(config):
    mode = config.getoption("--statuskit")
    if mode == "before":
        install_before()
    elif mode == "after":
        install_after()
    if mode != "bare":
        # The suite makes errors of warnings. The auditor is to run there, and nobody is to mend
        # what it says of views that Flask's tests are made of.
        config.addinivalue_line("filterwarnings", "ignore::flask_statuskit.HTTPAuditWarning")


def pytest_runtest_logreport(report):
    outcome["ran"] += report.when == "call"
    # A test that fails and whose teardown fails too is one failing test.
    if report.failed and report.nodeid not in outcome["failed"]:
        outcome["failed"].append(report.nodeid)


def pytest_sessionfinish(session):
    session.config.getoption("--statuskit-report").write_text(json.dumps(outcome))
