"""redis: an outage is a 503 that says when to come back; a wrong command or password is a bug."""

from __future__ import annotations

from ..exceptions import ServiceUnavailable
from ..mapping import Mapping

#: Whether a class stands for an outage; the nearest one decides.
_IS_OUTAGE = {
    "RedisError": False,
    "RedisClusterException": False,
    "ConnectionError": True,  # lost, refused, unknown host, TLS, too many clients, still loading
    "AuthenticationError": False,  # wrong settings of ours, although ConnectionErrors
    "AuthorizationError": False,
    "TimeoutError": True,
    "OutOfMemoryError": True,
    "ReadOnlyError": True,  # a failover: what was the master is a replica now
    "ClusterError": True,  # it is down; MasterDownError as well
    "SlotNotCoveredError": True,
    "TryAgainError": True,  # the keys are on their way to another node
}

#: How messages of an outage begin that some releases of redis-py have no class for.
_OUTAGES = (
    "BUSY ",  # a script takes too long
    "MISCONF ",  # snapshots fail, so the server takes no writes
    "NOREPLICAS ",
    "OOM ",  # before 4.6
    "CLUSTERDOWN ",  # before 6.0, as the next two, unless the client is one for clusters
    "MASTERDOWN ",
    "TRYAGAIN ",
    "All slots are not covered",
    "Redis Cluster cannot be connected",
)

#: Seconds: about what a restart or a failover takes.
_RETRY_AFTER = 5


def install(mapping: Mapping, *, explicit: bool) -> None:
    # The roots only: whatever class below them an application maps itself is nearer, and wins.
    mapping.map("redis.exceptions.RedisError", _unavailable, explicit=explicit)
    mapping.map("redis.exceptions.RedisClusterException", _unavailable, explicit=explicit)


def _unavailable(exception: Exception) -> ServiceUnavailable | None:
    return ServiceUnavailable(retry_after=_RETRY_AFTER) if _is_outage(exception) else None


def _is_outage(exception: BaseException) -> bool:
    names = [cls.__name__ for cls in type(exception).__mro__]
    if "RedisClusterException" in names and exception.__cause__ is not None:
        return _is_outage(exception.__cause__)  # why no node could be reached
    if next((_IS_OUTAGE[name] for name in names if name in _IS_OUTAGE), False):
        return True
    # In a pipeline, the message comes after one of redis-py's own that quotes the command.
    return str(exception).rpartition(" caused error: ")[2].startswith(_OUTAGES)
