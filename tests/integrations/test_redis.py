"""redis against real servers: the one on 6379, and private ones that are made to fail."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from incident_support import (
    Incident,
    assert_problem,
    assert_reported,
    fail_with,
    missing,
)
from library_support import assert_page_is_true
from redis import exceptions
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.retry import Retry
from upstream import UNKNOWN_HOST, deaf, refusing, reset, serving

from flask_statuskit import Conflict, StatusKit
from flask_statuskit.integrations import redis as integration

#: What may never reach a client: keys, values and passwords.
CANARY = "canary-5e7f"

Client = redis.Redis
View = Callable[[], Any]
StartServer = Callable[..., "Server"]


@contextmanager
def client_at(port: int, **options: Any) -> Iterator[Client]:
    options = {"host": "127.0.0.1", "socket_timeout": 5, **options}
    # Since 6.0, redis-py repeats by itself for some seconds.
    with redis.Redis(port=port, retry=Retry(NoBackoff(), 0), **options) as client:
        yield client


@pytest.fixture
def client() -> Iterator[Client]:
    with client_at(6379) as client:
        try:
            client.ping()
        except redis.ConnectionError:
            missing("This test needs Redis on 127.0.0.1:6379: redis-server --daemonize yes")
        yield client


class Server:
    """A private server on a free port."""

    def __init__(self, directory: Path, *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.process = subprocess.Popen(
            [
                "redis-server",
                "--port",
                f"{self.port}",
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                *options,
            ],
            cwd=directory,
            stdout=subprocess.DEVNULL,
        )
        self.wait()

    def wait(self) -> None:
        for _ in range(200):
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise TimeoutError("redis-server does not listen")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """Start private servers, with options of redis-server."""
    if shutil.which("redis-server") is None:
        missing("This test starts servers of its own: apt install redis-server")
    servers: list[Server] = []

    def start(*options: str) -> Server:
        servers.append(Server(tmp_path, *options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def assert_unavailable(incident: Incident) -> BaseException:
    assert_problem(incident, 503, retry_after=5)
    response = incident.response
    assert CANARY not in f"{response.headers} {response.get_data(as_text=True)}"
    return assert_reported(incident)


def assert_bug(incident: Incident) -> BaseException:
    assert_problem(incident, 500)
    response = incident.response
    assert CANARY not in f"{response.headers} {response.get_data(as_text=True)}"
    return assert_reported(incident)


def test_server_that_is_not_there_is_503(caplog: pytest.LogCaptureFixture) -> None:
    with refusing() as at, client_at(int(at.split(":")[1])) as client:
        incident = fail_with(client.ping, caplog, ["redis"])
    assert isinstance(assert_unavailable(incident), redis.ConnectionError)


def test_unknown_host_is_503(caplog: pytest.LogCaptureFixture) -> None:
    with client_at(6379, host=UNKNOWN_HOST) as client:
        assert_unavailable(fail_with(client.ping, caplog, ["redis"]))


def test_connection_that_is_reset_is_503(caplog: pytest.LogCaptureFixture) -> None:
    with serving(reset) as at, client_at(int(at.split(":")[1])) as client:
        assert_unavailable(fail_with(client.ping, caplog, ["redis"]))


def test_server_that_dies_between_two_commands_is_503(
    start: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start()
    with client_at(server.port) as client:
        client.ping()
        server.stop()
        incident = fail_with(client.ping, caplog, ["redis"])
    assert isinstance(assert_unavailable(incident), redis.ConnectionError)


def test_connection_that_the_server_closes_is_503(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with client_at(6379, single_connection_client=True) as victim:

        def view() -> None:
            client.client_kill_filter(_id=victim.client_id())
            victim.get(CANARY)

        assert_unavailable(fail_with(view, caplog, ["redis"]))


def test_server_with_too_many_clients_is_503(
    start: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start()
    with client_at(server.port) as first, client_at(server.port) as second:
        first.config_set("maxclients", 1)
        assert_unavailable(fail_with(second.ping, caplog, ["redis"]))


def test_pool_of_one_that_is_in_use_is_503(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with client_at(6379, max_connections=1) as one, one.pubsub() as in_use:
        in_use.subscribe("rates")
        assert_unavailable(fail_with(one.ping, caplog, ["redis"]))


def test_answer_that_is_late_is_503(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with client_at(6379, socket_timeout=0.1) as hasty:
        incident = fail_with(lambda: hasty.blpop([CANARY], 1), caplog, ["redis"])
    assert isinstance(assert_unavailable(incident), redis.TimeoutError)


def test_server_that_never_answers_is_503(caplog: pytest.LogCaptureFixture) -> None:
    with deaf() as at, client_at(int(at.split(":")[1]), socket_timeout=0.1) as client:
        incident = fail_with(client.ping, caplog, ["redis"])
    assert isinstance(assert_unavailable(incident), redis.TimeoutError)


def test_server_that_is_loading_is_503(
    start: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start("--dbfilename", "rates.rdb")
    with client_at(server.port) as client:
        client.mset({f"{CANARY}-{number}": number for number in range(2_000)})
        client.save()
    server.stop()
    # Two seconds for 2 000 keys, and a look at what clients want after each kilobyte.
    server = start(
        *("--dbfilename", "rates.rdb", "--key-load-delay", "1000"),
        *("--loading-process-events-interval-bytes", "1024"),
    )
    with client_at(server.port) as client:
        incident = fail_with(lambda: client.get(CANARY), caplog, ["redis"])
    assert isinstance(assert_unavailable(incident), redis.BusyLoadingError)


OUT_OF_MEMORY: dict[str, Callable[[Client], Any]] = {
    "command": lambda client: client.set(CANARY, CANARY),
    "pipeline": lambda client: client.pipeline(transaction=False).set(CANARY, CANARY).execute(),
    "transaction": lambda client: client.pipeline().set(CANARY, CANARY).execute(),
    "script": lambda client: client.eval("return redis.call('set', KEYS[1], 1)", 1, CANARY),
}


@pytest.mark.parametrize("way", OUT_OF_MEMORY)
def test_server_out_of_memory_is_503(
    way: str, start: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start("--maxmemory", "1", "--maxmemory-policy", "noeviction")
    with client_at(server.port) as client:
        assert_unavailable(fail_with(lambda: OUT_OF_MEMORY[way](client), caplog, ["redis"]))


def test_server_busy_with_a_script_is_503(
    start: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start("--lua-time-limit", "1")
    with client_at(server.port, socket_timeout=0.1) as looping, client_at(server.port) as client:
        with pytest.raises(redis.TimeoutError):
            looping.eval("while true do end", 0)
        assert_unavailable(fail_with(lambda: client.get(CANARY), caplog, ["redis"]))
        pipeline = client.pipeline(transaction=False).get(CANARY)
        assert_unavailable(fail_with(pipeline.execute, caplog, ["redis"]))


def test_replica_of_a_master_that_is_gone_is_503(
    start: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    with refusing() as at:
        server = start("--replicaof", *at.split(":"), "--replica-serve-stale-data", "no")
        with client_at(server.port) as client:
            incident = fail_with(lambda: client.get(CANARY), caplog, ["redis"])
            assert "Link with MASTER is down" in str(assert_unavailable(incident))
            client.config_set("replica-serve-stale-data", "yes")
            incident = fail_with(lambda: client.set(CANARY, 1), caplog, ["redis"])
            assert isinstance(assert_unavailable(incident), redis.ReadOnlyError)


def test_server_that_may_not_write_is_503(
    start: StartServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "snapshots"
    directory.mkdir()
    server = start("--dir", str(directory), "--min-replicas-to-write", "1")
    with client_at(server.port) as client:
        incident = fail_with(lambda: client.set(CANARY, 1), caplog, ["redis"])
        assert "NOREPLICAS" in str(assert_unavailable(incident))
        client.config_set("min-replicas-to-write", 0)
        directory.rmdir()
        client.config_set("save", "3600 1")
        client.bgsave()
        while client.info("persistence")["rdb_bgsave_in_progress"]:
            time.sleep(0.01)
        incident = fail_with(lambda: client.set(CANARY, 1), caplog, ["redis"])
        assert "MISCONF" in str(assert_unavailable(incident))


def test_cluster_that_is_down_is_503(start: StartServer, caplog: pytest.LogCaptureFixture) -> None:
    server = start("--cluster-enabled", "yes")
    with client_at(server.port) as client:
        incident = fail_with(lambda: client.get(CANARY), caplog, ["redis"])
        assert "not served" in str(assert_unavailable(incident))
        client.execute_command("CLUSTER ADDSLOTS", 0)
    incident = fail_with(lambda: RedisCluster("127.0.0.1", server.port), caplog, ["redis"])
    assert "slots are not covered" in str(assert_unavailable(incident))


def test_cluster_of_which_no_node_is_there_is_503(caplog: pytest.LogCaptureFixture) -> None:
    def view() -> None:
        RedisCluster("127.0.0.1", int(at.split(":")[1]), retry=Retry(NoBackoff(), 0))

    with refusing() as at:
        incident = fail_with(view, caplog, ["redis"])
    assert isinstance(assert_unavailable(incident), exceptions.RedisClusterException)


def test_cluster_that_does_not_let_us_in_is_a_bug(
    start: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start("--cluster-enabled", "yes", "--requirepass", "right")
    incident = fail_with(
        lambda: RedisCluster("127.0.0.1", server.port, password=CANARY), caplog, ["redis"]
    )
    assert isinstance(assert_bug(incident), exceptions.RedisClusterException)


def test_password_that_is_wrong_or_missing_is_a_bug(
    start: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    server = start("--requirepass", "right")
    for password in (None, CANARY):
        with client_at(server.port, password=password) as client:
            incident = fail_with(client.ping, caplog, ["redis"])
        assert isinstance(assert_bug(incident), redis.AuthenticationError)


# What takes a whole cluster, or an old release of redis-py, to happen for real.
OUTAGES = [
    exceptions.ClusterError("TTL exhausted."),
    exceptions.ClusterDownError("The cluster is down"),
    exceptions.SlotNotCoveredError("Slot 1 is not covered by the cluster."),
    exceptions.TryAgainError("Multiple keys request during rehashing of slot"),
    exceptions.ResponseError("CLUSTERDOWN Hash slot not served"),
    exceptions.ResponseError("MASTERDOWN Link with MASTER is down"),
    exceptions.ResponseError("TRYAGAIN Multiple keys request during rehashing of slot"),
    exceptions.ResponseError("OOM command not allowed when used memory > 'maxmemory'."),
    exceptions.ResponseError("Command # 1 (SET a b) of pipeline caused error: OOM command not"),
    exceptions.RedisClusterException("Redis Cluster cannot be connected. Please provide at least"),
]


@pytest.mark.parametrize("error", OUTAGES, ids=str)
def test_outages_of_clusters_and_of_older_releases_are_503(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def view() -> None:
        raise error

    assert_unavailable(fail_with(view, caplog, ["redis"]))


def test_bug_that_follows_an_outage_stays_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    def view() -> None:
        raise redis.DataError from redis.ConnectionError()

    assert_bug(fail_with(view, caplog, ["redis"]))


def test_authorization_is_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    def view() -> None:
        raise exceptions.AuthorizationError

    assert_bug(fail_with(view, caplog, ["redis"]))


BUGS: dict[str, Callable[[Client], Any]] = {
    "no such command": lambda client: client.execute_command(CANARY),
    "no such command in a pipeline": lambda client: (
        client.pipeline(transaction=False).execute_command("X", " caused error: ", "OOM").execute()
    ),
    "no such data": lambda client: client.set(CANARY, object()),  # type: ignore[arg-type]
    "no such script": lambda client: client.evalsha("0" * 40, 0),
    "not a group": lambda client: client.xreadgroup(CANARY, CANARY, {CANARY: ">"}),
    "lock that is not ours": lambda client: client.lock(CANARY).release(),
    "script that fails": lambda client: client.eval("error('OOM ')", 0),
}


@pytest.mark.parametrize("bug", BUGS)
def test_what_we_did_wrong_stays_a_bug(
    bug: str, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert_bug(fail_with(lambda: BUGS[bug](client), caplog, ["redis"]))


def test_class_that_the_application_maps_itself_wins(caplog: pytest.LogCaptureFixture) -> None:
    def set_up(statuskit: StatusKit) -> None:
        statuskit.map("redis.exceptions.WatchError", Conflict)
        statuskit.map("redis.exceptions.RedisError", 503, retry_after=60)

    def lost_race() -> None:
        raise redis.WatchError("Watched variable changed.")

    assert_problem(fail_with(lost_race, caplog, ["redis"], set_up), 409)
    with refusing() as at, client_at(int(at.split(":")[1])) as client:
        incident = fail_with(client.ping, caplog, ["redis"], set_up)
    assert_problem(incident, 503, retry_after=60)


def test_without_the_integration_it_is_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    with refusing() as at, client_at(int(at.split(":")[1])) as client:
        assert_bug(fail_with(client.ping, caplog, []))


def test_each_row_names_a_class_of_redis() -> None:
    assert all(hasattr(exceptions, name) for name in integration._IS_OUTAGE)


def test_page_of_the_documentation_is_true() -> None:
    assert_page_is_true("redis.md")
