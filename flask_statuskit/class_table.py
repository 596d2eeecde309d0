"""A table that is looked up by exception class, nearest class in the MRO first.

A key is a class or a dotted name. A name waits until the class that it names exists: what has not
been imported cannot have been raised, so nothing, no submodule either, is ever imported for it.
"""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from logging import ERROR
from types import ModuleType
from typing import Any, ClassVar, Generic, TypeVar

from werkzeug.exceptions import HTTPException

from .log import log

ValueT = TypeVar("ValueT")


class ClassTable(Generic[ValueT]):
    """Values by exception class, the latest first where a class has several."""

    #: Another number whenever any table has changed.
    change: ClassVar[int] = 0

    def __init__(self) -> None:
        # Threads settle at once, so all that happens to these is one operation of a dict or list.
        self._values: dict[type, list[ValueT]] = {}
        self._awaited: dict[str, list[ValueT]] = {}
        #: The names that have been awaited, by what their classes are called.
        self._called: dict[str, list[str]] = {}
        #: How many names have been entered; and how many modules and names there were when all
        #: names had been looked for.
        self._names = 0
        self._settled = 0, 0

    def enter(self, key: type[Exception] | str, value: ValueT) -> None:
        """Enter a value for a class, before those that it has.

        Raises:
            TypeError: `key` is neither a subclass of Exception nor a text.
            ValueError: `key` is no dotted name, or its module has been imported and lacks it.
        """
        if isinstance(key, str):
            if "." not in key or not all(part.isidentifier() for part in key.split(".")):
                raise ValueError(f"{key!r} is no dotted name: type 'package.module.Class'.")
            try:
                found = _imported(key)
            except LookupError as error:
                raise ValueError(f"{error.args[0]}.") from None
            if found is None:
                self._awaited.setdefault(key, []).insert(0, value)
                self._called.setdefault(key.rpartition(".")[2], []).append(key)
                self._names += 1
                ClassTable.change = next(_changes)
                return
            key = found
        if not (inspect.isclass(key) and issubclass(key, Exception)):
            raise TypeError(f"{key!r} is no subclass of Exception, nor the dotted name of one.")
        self._values.setdefault(key, []).insert(0, value)
        ClassTable.change = next(_changes)

    def get(self, cls: type) -> tuple[ValueT, ...]:
        """The values of this very class; first call `settle` with the class that was raised."""
        return tuple(self._values.get(cls, ()))

    def settle(self, raised: type[BaseException]) -> bool:
        """Give the awaited names their classes, as far as these have been imported by now.

        Returns:
            Whether it stays so until something is entered or imported.
        """
        if not self._awaited:
            return True
        there_are = len(sys.modules), self._names
        is_settled = self._settled == there_are
        if not is_settled:
            # Asked first: what a module lacks now may be there by the time that one asks.
            is_settled = not any(map(_is_being_imported, list(self._awaited)))
            for name in list(self._awaited):
                self._settle(name)
            if is_settled:
                # Not before: another thread would go on to look up what is not there yet.
                self._settled = there_are
        # A module may make its names on first access, and import more for it (PEP 562). It has
        # nothing left to import once a class of that name and of its family has been raised:
        # pydantic's ValidationError is pydantic_core's.
        for cls in raised.__mro__:
            for name in self._called.get(cls.__name__, ()):
                if str(cls.__module__).lstrip("_").startswith(name.partition(".")[0]):
                    self._settle(name, lazily=True)
        return is_settled

    def _settle(self, name: str, *, lazily: bool = False) -> None:
        if name not in self._awaited:
            return
        try:
            found = _imported(name, lazily=lazily)
        except LookupError as error:
            log(ERROR, "%s, so what is mapped by that name never happens.", error.args[0])
            self._awaited.pop(name, None)
            return
        if found is not None:
            # What was entered by class is meant more precisely than a name, and comes first. Pop
            # last: a thread that looks in between must find one of the two, twice does no harm.
            self._values.setdefault(found, []).extend(self._awaited.get(name, ()))
            ClassTable.change = next(_changes)
            self._awaited.pop(name, None)


_changes = itertools.count(1)

#: How many classes a `Lookup` keeps. Nobody has as many, unless they are made by the request.
_MOST_CLASSES = 1000


class Lookup(Generic[ValueT]):
    """What tables have for the classes that are raised, the first table before the others.

    It depends on the tables, and on what has been imported: until one of these changes, a class is
    looked up once, however many classes and names are entered.
    """

    def __init__(self, *tables: ClassTable[ValueT]) -> None:
        self._tables = tables
        self._found: tuple[object, dict[type, tuple[ValueT, ...]]] = None, {}

    def find(self, raised: type[BaseException]) -> tuple[ValueT, ...]:
        """The values of a class and of those it inherits from, the nearest first."""
        state = len(sys.modules), ClassTable.change
        known, found = self._found
        if known != state or len(found) > _MOST_CLASSES:
            found = {}
            self._found = state, found
        values = found.get(raised)
        if values is None:
            settled = [table.settle(raised) for table in self._tables]
            order = lookup_order(raised)
            values = tuple(v for cls in order for table in self._tables for v in table.get(cls))
            if all(settled):
                found[raised] = values
        return values


def lookup_order(raised: type[BaseException]) -> Iterator[type]:
    """The classes by which a raised class may be entered, the nearest first."""
    is_http = issubclass(raised, HTTPException)
    for cls in raised.__mro__:
        # Werkzeug's BadRequestKeyError is a KeyError as well; who enters KeyError does not mean it.
        if not is_http or issubclass(cls, HTTPException):
            yield cls


def _imported(name: str, *, lazily: bool = False) -> type[Exception] | None:
    """The class of a dotted name, None as long as it has not been imported.

    Raises:
        LookupError: its module has been imported and has no such class.
    """
    parts = name.split(".")
    imported = [(n, sys.modules.get(".".join(parts[:n]))) for n in range(1, len(parts))]
    length, module = next(((n, m) for n, m in reversed(imported) if m is not None), (0, None))
    if module is None:
        return None
    # Asked first, as in `settle`.
    may_get_any = _is_initializing(module)
    found: Any = module
    for index in range(length, len(parts)):
        holder, found = found, _attribute(found, parts[index], lazily)
        if found is None:
            path = ".".join(parts[:index])
            is_class = index == len(parts) - 1
            if may_get_any or _may_get(holder, path, parts[index], is_class=is_class):
                return None
            raise LookupError(f"{name!r} does not exist: {path} has no {parts[index]}")
    if not (inspect.isclass(found) and issubclass(found, Exception)):
        raise LookupError(f"{name!r} is no subclass of Exception")
    return found


def _attribute(holder: object, name: str, lazily: bool) -> Any:
    found = getattr(holder, "__dict__", {}).get(name)
    if found is None and lazily:
        try:
            found = getattr(holder, name, None)
        except Exception:
            # A module that cannot make its name now may be able to later.
            return None
    return found


def _is_being_imported(name: str) -> bool:
    """Whether a module that a dotted name leads through is about to get more names."""
    return _is_initializing(sys.modules.get(name.rpartition(".")[0]))


def _is_initializing(module: ModuleType | None) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _may_get(holder: object, path: str, name: str, *, is_class: bool) -> bool:
    """Whether a name that a module lacks may still come: a submodule, or one made on access."""
    if not isinstance(holder, ModuleType):
        return False
    if _is_initializing(holder):
        return True
    # What such a module can make, it usually lists; if not, there is no telling.
    if "__getattr__" in vars(holder) and name in vars(holder).get("__all__", (name,)):
        return True
    return not is_class and hasattr(holder, "__path__") and _exists(f"{path}.{name}")


def _exists(module: str) -> bool:
    """Whether there is such a submodule of a package that has been imported; imports nothing."""
    try:
        return find_spec(module) is not None
    except (ImportError, AttributeError, ValueError):
        return False
