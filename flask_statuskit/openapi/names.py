"""What the schemas of problems are called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from ..describe import is_uri
from ..exceptions import ERRORS, StatusError, ValidationError
from ..plain import text
from .parts import BASE, Classes

#: A problem of this class has the status and type of another one, and a schema of its own.
LISTS_VALUES = ValidationError.__name__


def _type_name(cls: type[StatusError]) -> str:
    """What a problem type would be called: by its class, else by the end of its type."""
    type_ = text(cls.type)
    words = [cls.__name__]
    if type_.replace("-", "") != cls.__name__.lower():
        words = re.findall(r"[A-Za-z0-9]+", re.split(r"[/:#?=]", type_.rstrip("/:#?="))[-1])
    return "".join(word[0].upper() + word[1:] for word in words)


class Names:
    """What schemas are called; two problem types never share a name.

    A name has to be the same wherever it is written, in documents that are put together of several
    calls, too. So it depends on all the problem types that there are, not on those at hand.
    """

    def __init__(self, classes: Classes) -> None:
        self._types: dict[str, set[str]] = {}
        for cls in (*all_types(), *classes):
            self._types.setdefault(_type_name(cls), set()).add(text(cls.type))

    def of(self, cls: type[StatusError], status: int) -> str:
        """The name of the schema of a class, whose problems have this status."""
        type_, name = text(cls.type), _type_name(cls)
        if type_ == "about:blank":
            if issubclass(cls, ValidationError):
                return LISTS_VALUES
            return ERRORS[status].__name__ if status in ERRORS else f"Status{status}"
        # A slug is before a URI: that of another service, most likely.
        rivals = {t for t in self._types.get(name, ()) if is_uri(t) <= is_uri(type_)} - {type_}
        if not rivals and re.fullmatch(r"[A-Z][A-Za-z0-9_]*", name) and not _is_reserved(name):
            return name
        raw = re.sub(r"[^A-Za-z0-9._-]+", "-", type_).strip("-")
        if raw == type_ and raw[0].islower():
            return raw
        return f"{raw}-{hashlib.sha256(type_.encode()).hexdigest()[:8]}"


def _is_reserved(name: str) -> bool:
    bare = {LISTS_VALUES, *(cls.__name__ for cls in ERRORS.values())}
    return name in bare or name in BASE or re.fullmatch(r"Status\d+", name) is not None


def all_types(cls: type[StatusError] = StatusError) -> Iterator[type[StatusError]]:
    for child in cls.__subclasses__():
        if child.type != "about:blank" and child.code is not None:
            yield child
        yield from all_types(child)
