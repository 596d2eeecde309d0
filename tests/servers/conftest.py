"""The servers of these tests, one at a time: each is started once, for all tests of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from server_support import SERVERS, Server, serving
from table_app import FAILURE


@pytest.fixture(scope="session", params=SERVERS)
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with serving(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def server(started: Server) -> Iterator[Server]:
    """A server, which must not say during the test that something of ours has failed."""
    before = len(started.log)
    yield started
    assert FAILURE not in started.log[before:]


@pytest.fixture(params=["/table", "/wrapped"], ids=["bare", "wrapped"])
def mount(request: pytest.FixtureRequest) -> str:
    """Where the table is: as it is, and in the middleware."""
    path: str = request.param
    return path
