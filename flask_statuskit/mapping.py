"""Which error a foreign exception becomes.

exception ─▶ is a class of its MRO mapped? ─▶ a group of one? ─▶ an HTTPException? ─▶ a bug
                     └▶ build                    └▶ its leaf         └▶ adopt          └▶ None
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from logging import ERROR
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar, cast

from werkzeug import exceptions
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from .class_table import ClassTable, Lookup
from .exceptions import ERRORS, StatusError
from .log import log
from .problem import FieldError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: Makes the error from the exception; None says that this exception is not its business after all.
Builder: TypeAlias = "Callable[[Any], StatusError | None]"
BuilderT = TypeVar("BuilderT", bound="Callable[[Any], StatusError | None]")

# Python 3.10 has no groups; nothing is an instance of ().
_GROUPS: Any = getattr(builtins, "BaseExceptionGroup", ())


@dataclass(frozen=True)
class Entry:
    """What one mapped class becomes.

    Attributes:
        build: makes the error.
        explicit: whether somebody asked for this mapping by name. Then it beats an application's
            handler that catches everything; a mapping that is on by default does not.
        author: the integration that entered it, None for the application.
    """

    build: Builder
    explicit: bool
    author: str | None = None


class Mapping:
    """The mapped exceptions of an extension; or of one application, on top of the extension's.

    Parameters:
        parent: its entries come first for the same class.

    Attributes:
        author: the integration that is entering its mappings, None while it is the application.
    """

    def __init__(self, parent: Mapping | None = None) -> None:
        self.author: str | None = None
        self._entries: ClassTable[Entry] = ClassTable()
        self._readers: ClassTable[Callable[[Any], Iterable[FieldError]]] = ClassTable()
        self._layers: tuple[Mapping, ...] = (*(parent._layers if parent else ()), self)
        #: What is entered for a class that was raised, the nearest first.
        self.entries: Callable[[type[BaseException]], tuple[Entry, ...]]
        self.entries = Lookup(*(layer._entries for layer in self._layers)).find
        self._readers_of = Lookup(*(layer._readers for layer in self._layers)).find

    def map(
        self,
        exception: type[Exception] | str,
        error: type[StatusError] | int | Builder | None = None,
        /,
        *,
        explicit: bool = True,
        **hints: Any,
    ) -> Callable[[BuilderT], BuilderT] | None:
        """Map an exception, as `StatusKit.map` describes it."""
        if error is not None:
            entry = Entry(self._builder(error, hints), explicit, self.author)
            self._entries.enter(exception, entry)
            return None
        if hints:
            raise TypeError(f"Say what to build: map({exception!r}, Conflict, ...).")

        def decorate(builder: BuilderT) -> BuilderT:
            self.map(exception, builder, explicit=explicit)
            return builder

        return decorate

    def read_errors(
        self, exception: type[Exception] | str, reader: Callable[[Any], Iterable[FieldError]]
    ) -> None:
        """Have the field errors of an exception read, whatever class or status it is mapped to."""
        self._readers.enter(exception, reader)

    def _builder(self, error: type[StatusError] | int | Builder, hints: dict[str, Any]) -> Builder:
        if isinstance(error, int):
            if error not in ERRORS:
                raise ValueError(f"{error} is no registered 4xx or 5xx status.")
            error = ERRORS[error]
        if not inspect.isclass(error):
            # An exception is callable, too: Werkzeug's are WSGI applications.
            if hints or not callable(error) or isinstance(error, BaseException):
                raise TypeError(
                    f"{error!r} with {hints} maps to nothing: give a class or a status with hints,"
                    " or a function that takes the exception and returns the error."
                )
            return error
        if not issubclass(error, StatusError):
            ours = ERRORS.get(getattr(error, "code", None) or 0, StatusError).__name__
            raise TypeError(f"{error.__qualname__} is no StatusError: type flask_statuskit.{ours}.")
        error_class = error
        # A member that is missing or misspelt fails here, not in production.
        code = error_class(**hints).code or 500
        # On a 5xx the field errors would be about values of the server's own.
        reads_errors = code < 500 and "errors" not in hints

        def build(exception: Exception) -> StatusError:
            built = error_class(**hints, **(self._read(exception) if reads_errors else {}))
            if "detail" in hints:
                # The author of the mapping wrote it for clients, who may read it on a 5xx too.
                vars(built)["expose"] = True
            return built

        return build

    def _read(self, exception: Exception) -> dict[str, Any]:
        readers = self._readers_of(type(exception))
        return {"errors": list(readers[0](exception))} if readers else {}


class Resolution(NamedTuple):
    """What an exception is answered with.

    Attributes:
        error: the error.
        original: the foreign exception it was made from, None where the error itself was raised.
        entry: the mapping that decided it, None where the exception has a status of its own.
    """

    error: StatusError
    original: Exception | None = None
    entry: Entry | None = None


def resolve(
    exception: Exception, mapping: Mapping, environ: WSGIEnvironment | None = None
) -> Resolution | None:
    """What to answer an exception with, None for a bug: it is mapped to nothing.

    Parameters:
        exception: what was raised. A group of one stands for its leaf; causes are not guessed at.
        mapping: where to look.
        environ: the request, for exceptions whose headers depend on it.
    """
    for entry in mapping.entries(type(exception)):
        try:
            error = entry.build(exception)
            if error is not None and not isinstance(error, StatusError):
                raise TypeError(f"{error!r} is no StatusError")
        except StatusError as raised:  # `raise` in place of `return`: it is clear what was meant
            error = raised
        except Exception as failure:
            name = type(exception).__qualname__
            log(ERROR, "The mapping of %s failed; it counts as unmapped.", name, exc_info=failure)
            return None
        if error is not None:
            return Resolution(error, exception, entry)
    if isinstance(exception, _GROUPS):
        leaves: tuple[Any, ...] = cast("Any", exception).exceptions
        alone = len(leaves) == 1 and isinstance(leaves[0], Exception)
        return resolve(leaves[0], mapping, environ) if alone else None
    if isinstance(exception, HTTPException) and is_ours_to_render(exception):
        if isinstance(exception, StatusError):
            return Resolution(exception)
        return Resolution(adopt(exception, environ), exception)
    return None


def is_ours_to_render(error: HTTPException) -> bool:
    """Whether an HTTPException is an error that has no response of its own.

    Redirects, `abort(Response(...))`, and classes that write their own response or body know
    better what to send.
    """
    return (
        error.code is not None
        and 400 <= error.code <= 599
        and error.response is None
        and not isinstance(error, RoutingException)
        and type(error).get_response is HTTPException.get_response
        and type(error).get_body is HTTPException.get_body
    )


class _Unregistered(StatusError, init=False):
    """An error whose code is in no registry; each instance has a code of its own."""


def adopt(error: HTTPException, environ: WSGIEnvironment | None = None) -> StatusError:
    """The class of our own for an exception of Werkzeug's, with the headers that it carries.

    Parameters:
        error: an exception for which `is_ours_to_render` holds.
        environ: the request, for classes whose headers depend on it.
    """
    code = error.code or 500
    error_class = ERRORS.get(code, _Unregistered)
    adopted = error_class.__new__(error_class)
    adopted.code = code
    headers: list[tuple[str, str]] = []
    retry_after = getattr(error, "retry_after", None)
    for name, value in _headers(error, environ):
        known = name.lower()
        if known == "retry-after":
            # Werkzeug writes a timedelta as "0:01:00" and leaves out a zero.
            retry_after = value if retry_after is None else retry_after
        elif known != "content-type":
            headers.append((name, value))
    StatusError.__init__(
        adopted,
        _written_description(error) if error_class.expose or code < 500 else None,
        title=error.name if error_class is _Unregistered else None,
        headers=headers,
        retry_after=retry_after,
    )
    return adopted


def _headers(error: HTTPException, environ: WSGIEnvironment | None) -> list[tuple[str, str]]:
    if type(error).get_headers is HTTPException.get_headers:
        # It writes the Content-Type of Werkzeug's page, and nothing else.
        return []
    try:
        return error.get_headers(environ)
    except Exception as failure:
        log(ERROR, f"{type(error).__qualname__} could not write its headers.", exc_info=failure)
        return []


_WERKZEUGS_DESCRIPTIONS = {cls.description for cls in exceptions.default_exceptions.values()}


def _written_description(error: HTTPException) -> str | None:
    """The description, unless it is the one that Werkzeug gives to all errors of the class."""
    description = error.description
    # A lazy string is not to be read yet, and what cannot be hashed is no text of Werkzeug's.
    is_werkzeugs = isinstance(description, str) and description in _WERKZEUGS_DESCRIPTIONS
    return None if is_werkzeugs else description
