"""The statements of a function, read from top to bottom for the errors that it raises.

A local name stands for all that the function assigns to it, wherever. What an ``except`` catches
goes no further. Nothing of it is run, nothing is imported.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, EnumMeta
from importlib.util import resolve_name
from types import FunctionType
from typing import Any

from werkzeug.exceptions import HTTPException

from .contract import declared
from .exceptions import ERRORS, StatusError

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Found:
    """An error that a source answers with.

    Attributes:
        error: its class, as one declares it.
        raised: the class that is raised, which is Werkzeug's for some.
        file: the path of the source.
        line: the number of the line.
    """

    error: type[StatusError]
    raised: type[Exception]
    file: str
    line: int


# The syntax ---------------------------------------------------------------------------------------


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What belongs to a function and not to those inside of it; of these, the definitions."""
    for own in ast.iter_child_nodes(node):
        yield own
        if not isinstance(own, Function | ast.ClassDef):
            yield from _own_nodes(own)


def is_generator(node: Function) -> bool:
    return any(isinstance(own, ast.Yield | ast.YieldFrom) for own in _own_nodes(node))


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a function binds, whatever to."""
    for own in _own_nodes(node):
        match own:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name.partition(".")[0]
            case object(name=str(name)) | object(rest=str(name)):
                # A definition, an `except`, or a pattern of a `case`.
                yield name


def _asks_for(handler: ast.ExceptHandler) -> bool:
    """Whether an ``except`` decides by what it has caught."""
    asked = [part.test for part in ast.walk(handler) if isinstance(part, ast.If | ast.IfExp)]
    asked += [part.subject for part in ast.walk(handler) if isinstance(part, ast.Match)]
    names = (name for condition in asked for name in ast.walk(condition))
    return any(isinstance(name, ast.Name) and name.id == handler.name for name in names)


# What a name may stand for ------------------------------------------------------------------------

#: What an expression may be, as far as that is known. A function that is defined inside stands as
#: its node, an error that was caught as it was found, and an object yet to be made as its class.
Values = tuple[Any, ...]


def _outside(function: FunctionType) -> dict[str, Values]:
    """The names that a function finds outside of itself."""
    names = {**vars(builtins), **function.__globals__}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, cell in cells:
        names.pop(name, None)
        with suppress(ValueError):  # nothing is bound to it yet
            names[name] = cell.cell_contents
    return {name: (value,) for name, value in names.items()}


def _attribute(value: Any, name: str) -> Values:
    """An attribute, without running any code for it."""
    if isinstance(value, Found | Function):
        return ()
    if isinstance(value, EnumMeta) and name in value.__members__:
        return (value.__members__[name],)
    if isinstance(value, Enum) and name == "value":
        return (value._value_,)
    try:
        found = inspect.getattr_static(value, name)
    except Exception:  # not only AttributeError: objects of other people
        return ()
    return (found.__func__ if isinstance(found, staticmethod | classmethod) else found,)


def _imported(node: ast.Import | ast.ImportFrom, alias: ast.alias, package: str) -> Values:
    """What an import finds that somebody has made before: a new one would run code."""
    if isinstance(node, ast.Import):
        name = alias.name if alias.asname else alias.name.partition(".")[0]
        return (sys.modules.get(name),)
    with suppress(ImportError):
        name = resolve_name("." * node.level + (node.module or ""), package)
        return _attribute(sys.modules.get(name), alias.name)
    return ()


def _is_error(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _error_of(raised: Any) -> type[StatusError] | None:
    """The class to declare for what is raised; None if it makes no problem by itself."""
    cls = raised if isinstance(raised, type) else type(raised)
    if not issubclass(cls, HTTPException) or cls.code is None:
        return None
    # Made once and raised often. With a type of its own it is no longer its class'.
    if cls is not raised and (raised.response is not None or "type" in vars(raised)):
        return None
    if issubclass(cls, StatusError):
        return cls
    # StatusKit leaves those alone that have a response of their own.
    makers = HTTPException.get_response, HTTPException.get_body
    return ERRORS.get(cls.code) if (cls.get_response, cls.get_body) == makers else None


def _declared(callee: Any) -> tuple[type[StatusError], ...]:
    try:
        return declared(callee) or ()
    except Exception:  # of a proxy, which is nothing outside of a request
        return ()


class Walk(ast.NodeVisitor):
    """Goes through the statements of one function.

    Parameters:
        aborts: what ``abort`` raises for a status.
        function: the function.
        cls: the class whose method it is.
        inner: the function that this one wraps.
        of_inner: what that raises.

    Attributes:
        found: the errors that it raises, so far.
        called: whether it calls, by name, the function that it wraps.
    """

    def __init__(
        self,
        aborts: Mapping[int, type[Exception]],
        function: FunctionType,
        cls: type | None,
        inner: Any,
        of_inner: tuple[Found, ...],
    ) -> None:
        self.aborts = aborts
        self.file: str = function.__code__.co_filename
        self.package: str = str(function.__globals__.get("__package__") or "")
        self.cls = cls
        self.inner = inner
        self.of_inner = of_inner
        self.called: bool = False
        self.found: list[Found] = []
        self.names: dict[str, Values] = _outside(function)
        #: What a ``raise`` without an error raises.
        self.caught: Values = ()
        self.active: list[Function] = []

    def function(self, node: Function) -> None:
        first = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)][:1]
        is_method = self.cls is not None and first in (["self"], ["cls"])
        self.bind_all(node, dict.fromkeys(first, (self.cls,)) if is_method else {})
        self.found += self.found_in(node.body)

    def found_in(self, nodes: Iterable[ast.AST]) -> list[Found]:
        outer, self.found = self.found, []
        for node in nodes:
            self.visit(node)
        inside, self.found = self.found, outer
        return inside

    # Names

    def bind_all(self, node: Function, given: Mapping[str, Values]) -> None:
        """Let the names that a function binds stand for all that it is given or assigns to them."""
        self.names = {**self.names, **dict.fromkeys(_bound(node), ()), **given}
        for own in _own_nodes(node):
            match own:
                case ast.Assign() | ast.AnnAssign() | ast.NamedExpr() if own.value is not None:
                    for target in own.targets if isinstance(own, ast.Assign) else [own.target]:
                        if isinstance(target, ast.Name):
                            self.bind(target.id, self.values(own.value))
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    # What a decorator makes of it is unknown.
                    self.bind(name, () if own.decorator_list else (own,))
                case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                    for alias in aliases:
                        name = alias.asname or alias.name.partition(".")[0]
                        self.bind(name, _imported(own, alias, self.package))

    def bind(self, name: str, values: Values) -> None:
        # Each once, by identity: what is known may have any equality.
        different = {id(value): value for value in (*self.names.get(name, ()), *values)}
        self.names[name] = tuple(different.values())

    def values(self, node: ast.expr) -> Values:
        match node:
            case ast.Constant(value=value):
                return (value,)
            case ast.Name(id=name):
                return self.names.get(name, ())
            case ast.Attribute(value=holder, attr=name):
                return tuple(v for value in self.values(holder) for v in _attribute(value, name))
            case ast.Call(func=ast.Attribute(value=error, attr="with_traceback")):
                return self.values(error)
            case ast.Call(func=callee, keywords=keywords):
                # With a response or a type of its own it is no longer what its class says.
                if {keyword.arg for keyword in keywords} & {"response", "type"}:
                    return ()
                return tuple(filter(_is_error, self.values(callee)))
            case ast.IfExp(body=one, orelse=other):
                return (*self.values(one), *self.values(other))
            case ast.BoolOp(op=ast.Or(), values=operands):
                return tuple(v for operand in operands for v in self.values(operand))
        return ()

    def classes(self, node: ast.expr | None) -> tuple[type[BaseException], ...]:
        """The classes of exceptions that an ``except`` names; one that is unknown may be any."""
        if isinstance(node, ast.Tuple):
            return tuple(cls for part in node.elts for cls in self.classes(part))
        values = self.values(node) if node is not None else ()
        classes = [cls for v in values for cls in (v if type(v) is tuple else (v,))]
        return tuple(classes) if classes and all(map(_is_error, classes)) else (BaseException,)

    # What is defined inside

    def visit_FunctionDef(self, node: Function) -> None:
        """It runs when it is called."""

    def visit_AsyncFunctionDef(self, node: Function) -> None:
        """So does it."""

    def nested(self, node: Function) -> None:
        if node in self.active or is_generator(node):
            return
        self.active.append(node)
        outside = self.names
        self.bind_all(node, {})
        self.found += self.found_in(node.body)
        self.names = outside
        self.active.pop()

    # What raises

    def visit_Raise(self, node: ast.Raise) -> None:
        self.generic_visit(node)
        for value in self.caught if node.exc is None else self.values(node.exc):
            self.add(value, node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        name = getattr(node.func, "id", getattr(node.func, "attr", None))
        for callee in self.values(node.func):
            if self.inner is not None and callee is self.inner:
                self.called = True
                self.found += self.of_inner
            elif isinstance(callee, Function):
                self.nested(callee)
            elif errors := _declared(callee):
                for error in errors:
                    self.add(error, node.lineno)
            elif name == "abort":
                self.abort(node)

    def abort(self, node: ast.Call) -> None:
        """``abort(404)`` of Flask, and those of other libraries, which call it differently."""
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        names = ("code", "status", "status_code", "http_status_code")
        status = [*node.args[:1], *(given[name] for name in names if name in given)]
        for code in self.values(status[0]) if status and "response" not in given else ():
            if isinstance(code, int) and code in ERRORS:
                self.add(self.aborts.get(code, ERRORS[code]), node.lineno)

    def add(self, value: Any, line: int) -> None:
        if isinstance(value, Found):
            self.found.append(value)
        elif (error := _error_of(value)) is not None:
            raised = value if isinstance(value, type) else type(value)
            self.found.append(Found(error, raised, self.file, line))

    # What catches

    def visit_Try(self, node: Any) -> None:
        pending, after = self.found_in(node.body), list[Found]()
        for handler in node.handlers:
            classes = self.classes(handler.type)
            caught = [one for one in pending if issubclass(one.raised, classes)]
            pending = [one for one in pending if one not in caught]
            # What nothing of this raises comes from further down.
            others = [c for c in classes if not any(issubclass(one.raised, c) for one in caught)]
            after += self.found_in_handler(handler, (*caught, *others))
        self.found += [*pending, *after]
        self.found += self.found_in([*node.orelse, *node.finalbody])

    visit_TryStar = visit_Try  # Python 3.11

    def found_in_handler(self, node: ast.ExceptHandler, caught: Values) -> list[Found]:
        outer = self.caught, self.names
        # Where it decides, nobody knows which of them it raises again.
        self.caught = () if _asks_for(node) else caught
        if node.name and node.name not in _bound(ast.Module(node.body, [])):
            self.names = {**self.names, node.name: self.caught}
        found = self.found_in(node.body)
        self.caught, self.names = outer
        return found

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        self.found += self.found_in(node.items)
        found = self.found_in(node.body)
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and any(v is suppress for v in self.values(call.func)):
                for argument in call.args:
                    classes = self.classes(argument)
                    found = [one for one in found if not issubclass(one.raised, classes)]
        self.found += found

    def visit_AsyncWith(self, node: ast.AsyncWith) -> None:
        self.visit_With(node)
