"""Values by exception class, and by names of classes that may not be imported."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from itertools import count
from pathlib import Path
from textwrap import dedent
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from werkzeug import exceptions as werkzeugs

from flask_statuskit import Conflict, StatusError, class_table
from flask_statuskit.class_table import ClassTable, lookup_order


class Base(Exception):
    pass


class Middle(Base):
    pass


class Leaf(Middle, LookupError):
    pass


def find(table: ClassTable[str], raised: type[BaseException]) -> str | None:
    table.settle(raised)
    return next((value for cls in lookup_order(raised) for value in table.get(cls)), None)


Write = Callable[[dict[str, str]], str]
_numbers = count()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a package of a name that nobody has imported, and returns the name."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def run(files: dict[str, str]) -> str:
        name = f"throwaway{next(_numbers)}"
        (tmp_path / name).mkdir()
        for file, source in {"__init__.py": "", **files}.items():
            (tmp_path / name / file).write_text(dedent(source))
        return name

    yield run
    for name in set(sys.modules) - before:
        if name.startswith("throwaway"):
            del sys.modules[name]


# Classes


def test_the_nearest_class_of_the_mro_is_found() -> None:
    table = ClassTable[str]()
    table.enter(Exception, "all")
    table.enter(Base, "base")
    assert (find(table, Leaf), find(table, Base), find(table, KeyError)) == ("base", "base", "all")
    table.enter(Middle, "middle")
    assert (find(table, Leaf), find(table, Base)) == ("middle", "base")
    table.enter(LookupError, "another branch")
    assert find(table, Leaf) == "middle"


def test_nothing_is_found_for_a_class_that_nobody_entered() -> None:
    table = ClassTable[str]()
    table.enter(Middle, "middle")
    assert find(table, Base) is None


def test_a_later_value_comes_before_an_earlier_one() -> None:
    table = ClassTable[str]()
    table.enter(Base, "first")
    table.enter(Base, "second")
    assert list(table.get(Base)) == ["second", "first"]


@pytest.mark.parametrize(
    "raised",
    [
        werkzeugs.BadRequestKeyError,
        type("Both", (werkzeugs.NotFound, LookupError), {}),
        type("OursToo", (LookupError, Conflict), {"__module__": __name__}),
    ],
)
def test_an_http_exception_is_no_kind_of_what_else_it_inherits(raised: type[Exception]) -> None:
    table = ClassTable[str]()
    for cls in (KeyError, LookupError, Exception):
        table.enter(cls, "not meant")
    assert find(table, raised) is None
    table.enter(werkzeugs.HTTPException, "meant")
    assert find(table, raised) == "meant"


def test_other_exceptions_are_looked_up_by_all_their_classes() -> None:
    assert list(lookup_order(Leaf)) == list(Leaf.__mro__)


@pytest.mark.parametrize(
    "key", [5, None, Leaf(), object, BaseException, KeyboardInterrupt, len, ["a.B"]]
)
def test_a_key_is_a_class_of_exceptions(key: Any) -> None:
    with pytest.raises(TypeError, match="is no subclass of Exception, nor the dotted name of one"):
        ClassTable[str]().enter(key, "value")


# Names


@pytest.mark.parametrize(
    "name", ["", "ValueError", ".", "json.", ".json", "a..B", "a.1B", "a b.C", "a-b.C", "a:B"]
)
def test_a_name_is_dotted(name: str) -> None:
    with pytest.raises(ValueError, match=r"is no dotted name: type 'package\.module\.Class'"):
        ClassTable[str]().enter(name, "value")


@pytest.mark.parametrize(
    ("name", "raised"),
    [
        ("builtins.KeyError", KeyError),
        ("json.JSONDecodeError", json.JSONDecodeError),
        ("json.decoder.JSONDecodeError", json.JSONDecodeError),
        (f"{__name__}.Leaf", Leaf),
    ],
)
def test_a_name_that_is_imported_is_its_class(name: str, raised: type[Exception]) -> None:
    table = ClassTable[str]()
    table.enter(name, "value")
    assert list(table.get(raised)) == ["value"]


def test_a_class_can_be_named_inside_another() -> None:
    table = ClassTable[str]()
    table.enter("werkzeug.routing.exceptions.RequestRedirect", "a")
    table.enter(f"{__name__}.Holder.Failed", "b")
    assert find(table, Holder.Failed) == "b"


class Holder:
    class Failed(Exception):
        pass


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("json.NoSuchError", "'json.NoSuchError' does not exist: json has no NoSuchError."),
        ("json.nowhere.X", "'json.nowhere.X' does not exist: json has no nowhere."),
        ("logging.config.X", "'logging.config.X' does not exist: logging.config has no X."),
        (
            f"{__name__}.Holder.X",
            f"'{__name__}.Holder.X' does not exist: {__name__}.Holder has no X.",
        ),
        ("json.dumps", "'json.dumps' is no subclass of Exception."),
        ("collections.OrderedDict", "'collections.OrderedDict' is no subclass of Exception."),
        ("builtins.KeyboardInterrupt", "'builtins.KeyboardInterrupt' is no subclass of Exception."),
    ],
)
def test_a_name_that_cannot_exist_is_refused_at_once(name: str, why: str) -> None:
    import_module("logging.config")
    with pytest.raises(ValueError, match=r"does not exist|no subclass") as raised:
        ClassTable[str]().enter(name, "value")
    assert str(raised.value) == why


@pytest.mark.parametrize("name", ["os.sep.Error", "math.pi.Error"])
def test_a_name_inside_of_what_holds_nothing_is_refused_too(name: str) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        ClassTable[str]().enter(name, "value")


def test_a_made_up_module_can_lack_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "throwaway", ModuleType("throwaway"))
    with pytest.raises(ValueError, match="throwaway has no Error"):
        ClassTable[str]().enter("throwaway.Error", "value")


def test_an_object_may_stand_in_for_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in: Any = SimpleNamespace(Error=Leaf)
    monkeypatch.setitem(sys.modules, "throwaway", stand_in)
    table = ClassTable[str]()
    table.enter("throwaway.Error", "value")
    assert find(table, Leaf) == "value"


def test_a_name_of_a_module_that_is_blocked_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "throwaway", None)  # type: ignore[arg-type]
    table = ClassTable[str]()
    table.enter("throwaway.errors.Error", "value")
    assert find(table, Leaf) is None


# Names that are not imported yet

ERRORS_FILE = {"errors.py": "class Failed(Exception): ..."}


def test_a_name_is_never_imported(write: Write) -> None:
    package = write(ERRORS_FILE)
    before = dict(sys.modules)
    table = ClassTable[str]()
    table.enter(f"{package}.errors.Failed", "value")
    assert find(table, Leaf) is None
    assert sys.modules == before


def test_a_submodule_is_never_imported_either(write: Write) -> None:
    package = write(ERRORS_FILE)
    import_module(package)
    before = dict(sys.modules)
    table = ClassTable[str]()
    table.enter(f"{package}.errors.Failed", "value")
    assert find(table, type("Failed", (Exception,), {})) is None
    assert sys.modules == before


def test_a_name_is_found_once_its_module_has_been_imported(write: Write) -> None:
    package = write(ERRORS_FILE)
    table = ClassTable[str]()
    table.enter(f"{package}.errors.Failed", "value")
    assert find(table, Leaf) is None
    failed = import_module(f"{package}.errors").Failed
    assert find(table, failed) == "value"
    assert find(table, type("Worse", (failed,), {})) == "value"


def test_a_public_name_need_not_be_where_the_class_is_defined(write: Write) -> None:
    package = write({"_impl.py": "class Failed(Exception): ...",
                     "__init__.py": "from ._impl import Failed as Failed"})  # fmt: skip
    table = ClassTable[str]()
    table.enter(f"{package}.Failed", "value")
    failed = import_module(package).Failed
    assert failed.__module__ == f"{package}._impl"
    assert find(table, failed) == "value"


def test_a_module_that_comes_with_no_change_in_number_is_seen(write: Write) -> None:
    package = write(ERRORS_FILE)
    for n in range(2):
        sys.modules[f"throwaway.{n}"] = ModuleType(str(n))
    table = ClassTable[str]()
    table.enter(f"{package}.errors.Failed", "value")
    assert find(table, Leaf) is None
    before = len(sys.modules)
    for n in range(2):
        del sys.modules[f"throwaway.{n}"]
    failed = import_module(f"{package}.errors").Failed
    assert len(sys.modules) == before
    assert find(table, failed) == "value"


def test_a_name_that_waits_may_have_several_values(write: Write) -> None:
    package = write(ERRORS_FILE)
    table = ClassTable[str]()
    table.enter(f"{package}.errors.Failed", "first")
    table.enter(f"{package}.errors.Failed", "second")
    failed = import_module(f"{package}.errors").Failed
    table.settle(failed)
    assert list(table.get(failed)) == ["second", "first"]


@pytest.mark.parametrize("first", ["class", "name"])
def test_a_class_beats_its_name(write: Write, first: str) -> None:
    package = write(ERRORS_FILE)
    table = ClassTable[str]()
    table.enter(f"{package}.errors.Failed", "by name")
    failed = import_module(f"{package}.errors").Failed
    if first == "name":
        assert find(table, failed) == "by name"
    table.enter(failed, "by class")
    assert find(table, failed) == "by class"


def test_a_name_that_turns_out_not_to_exist_is_reported_once(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    package = write(ERRORS_FILE)
    table = ClassTable[str]()
    table.enter(f"{package}.errors.Typo", "value")
    table.enter(f"{package}.errors.Failed", "found")
    assert not caplog.records
    failed = import_module(f"{package}.errors").Failed
    for n in range(3):
        assert find(table, failed) == "found"
        sys.modules[f"{package}.{n}"] = ModuleType(str(n))  # so that it looks again
    [record] = caplog.records
    assert (record.name, record.levelno) == ("flask_statuskit", logging.ERROR)
    assert record.getMessage() == (
        f"'{package}.errors.Typo' does not exist: {package}.errors has no Typo,"
        " so what is mapped by that name never happens."
    )


def test_a_name_that_turns_out_to_be_no_exception_is_reported_once(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    package = write({"errors.py": "def Failed(): ..."})
    table = ClassTable[str]()
    table.enter(f"{package}.errors.Failed", "value")
    import_module(f"{package}.errors")
    for _ in range(3):
        assert find(table, Leaf) is None
    [record] = caplog.records
    assert f"'{package}.errors.Failed' is no subclass of Exception" in record.getMessage()


def test_a_name_may_come_while_its_module_is_being_imported(write: Write) -> None:
    package = write(
        {
            "__init__.py": """
                from flask_statuskit.class_table import ClassTable
                table = ClassTable()
                table.enter(__name__ + ".Failed", "value")
                class Failed(Exception): ...
            """
        }
    )
    module = import_module(package)
    assert find(module.table, module.Failed) == "value"


def test_a_class_may_hide_the_submodule_that_it_comes_from(write: Write) -> None:
    package = write({"Failed.py": "class Failed(Exception): ...",
                     "__init__.py": "from .Failed import Failed as Failed"})  # fmt: skip
    failed = import_module(package).Failed
    table = ClassTable[str]()
    table.enter(f"{package}.Failed", "value")
    assert find(table, failed) == "value"


def test_a_submodule_may_be_called_as_its_class(write: Write) -> None:
    package = write({"E.py": "class E(Exception): ..."})
    import_module(package)
    table = ClassTable[str]()
    table.enter(f"{package}.E.E", "value")
    assert find(table, import_module(f"{package}.E").E) == "value"


# Names that a module makes on first access (PEP 562)

LAZY = {
    "__init__.py": """
        asked = []
        def __getattr__(name):
            asked.append(name)
            if name != "Failed":
                raise AttributeError(name)
            from .errors import Failed
            return Failed
    """,
    **ERRORS_FILE,
}


def test_a_lazy_name_is_not_asked_for(write: Write) -> None:
    package = write(LAZY)
    module = import_module(package)
    before = dict(sys.modules)
    table = ClassTable[str]()
    table.enter(f"{package}.Failed", "value")
    assert find(table, Leaf) is None
    assert sys.modules == before
    assert module.asked == []


@pytest.mark.parametrize(("name", "waits"), [("Failed", True), ("Typo", False)])
def test_a_module_that_lists_its_lazy_names_has_no_others(
    write: Write, name: str, waits: bool
) -> None:
    package = write({**LAZY, "__init__.py": f"__all__ = ['Failed']\n{dedent(LAZY['__init__.py'])}"})
    import_module(package)
    before = dict(sys.modules)
    table = ClassTable[str]()
    if waits:
        table.enter(f"{package}.{name}", "value")
        assert find(table, import_module(f"{package}.errors").Failed) == "value"
    else:
        with pytest.raises(ValueError, match="has no Typo"):
            table.enter(f"{package}.{name}", "value")
        assert sys.modules == before


def test_nothing_is_imported_for_a_module_that_goes_by_another_name(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = write(ERRORS_FILE)
    vendored = ModuleType(package)
    vendored.__path__ = []
    monkeypatch.setitem(sys.modules, "throwaway", vendored)
    before = dict(sys.modules)
    with suppress(ValueError):
        ClassTable[str]().enter("throwaway.errors.Failed", "value")
    assert sys.modules == before


def test_a_submodule_of_a_module_that_goes_by_another_name_need_not_exist(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vendored = ModuleType("nobody_has_this.package")
    vendored.__path__ = []
    monkeypatch.setitem(sys.modules, "throwaway", vendored)
    with pytest.raises(ValueError, match="throwaway has no errors"):
        ClassTable[str]().enter("throwaway.errors.Failed", "value")


def test_a_lazy_name_is_found_when_its_class_has_been_raised(write: Write) -> None:
    package = write(LAZY)
    import_module(package)
    table = ClassTable[str]()
    table.enter(f"{package}.Failed", "value")
    failed = import_module(f"{package}.errors").Failed
    before = dict(sys.modules)
    assert find(table, type("Worse", (failed,), {})) == "value"
    assert sys.modules == before


def test_a_lazy_name_that_does_not_exist_does_no_harm(write: Write) -> None:
    package = write(LAZY)
    module = import_module(package)
    table = ClassTable[str]()
    table.enter(f"{package}.Typo", "value")
    assert find(table, type("Typo", (Exception,), {"__module__": package})) is None
    assert module.asked == ["Typo"]


def test_a_name_that_is_found_twice_at_once_is_entered_once(write: Write) -> None:
    # What two threads may do, in one: the module looks the class up while it is asked for it.
    package = write({"__init__.py": """
        class _Failed(Exception): ...
        _Failed.__name__ = "Failed"
        meanwhile = None
        def __getattr__(name):
            global meanwhile
            work, meanwhile = meanwhile, None
            if work:
                work()
            return _Failed
    """})  # fmt: skip
    module = import_module(package)
    failed = module._Failed
    table = ClassTable[str]()
    table.enter(f"{package}.Failed", "value")
    module.meanwhile = lambda: table.settle(failed)
    table.settle(failed)
    assert list(table.get(failed)) == ["value"]


def test_a_lazy_name_is_not_asked_for_when_another_class_has_it_too(write: Write) -> None:
    package = write(LAZY)
    import_module(package)
    before = dict(sys.modules)
    table = ClassTable[str]()
    table.enter(f"{package}.Failed", "value")
    assert find(table, type("Failed", (Exception,), {})) is None
    assert sys.modules == before


def test_a_module_that_fails_to_make_a_name_does_no_harm(write: Write) -> None:
    package = write({"__init__.py": "def __getattr__(name): raise ImportError('pip install it')"})
    import_module(package)
    table = ClassTable[str]()
    table.enter(f"{package}.Conflict", "value")
    table.enter(StatusError, "ours")
    raised = type("Conflict", (Conflict,), {"__module__": package})
    assert find(table, raised) == "ours"


@pytest.mark.parametrize("core", ["{0}_core._{0}_core", "_{0}", "{0}._impl"])
def test_a_lazy_name_may_be_that_of_a_core_package(write: Write, core: str) -> None:
    # pydantic.ValidationError is pydantic_core._pydantic_core.ValidationError.
    package = write(LAZY)
    module = import_module(package)
    failed = import_module(f"{package}.errors").Failed
    failed.__module__ = core.format(package)
    table = ClassTable[str]()
    table.enter(f"{package}.Failed", "value")
    assert find(table, failed) == "value"
    assert module.asked == ["Failed"]


@pytest.mark.parametrize(
    "name", ["json.decodr.JSONDecodeError", "concurrent.futures.TimeotError", "wsgiref.nothing.X"]
)
def test_a_name_that_no_import_can_bring_is_refused_at_once(name: str) -> None:
    # concurrent.futures makes some of its names on first access, and lists them in __all__.
    for module in ("json", "concurrent.futures", "wsgiref"):
        import_module(module)
    with pytest.raises(ValueError, match="does not exist"):
        ClassTable[str]().enter(name, "value")


def test_a_module_that_is_complete_a_moment_later_does_not_lack_its_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module: Any = ModuleType("completed_meanwhile")
    module.__spec__ = SimpleNamespace(_initializing=True)
    monkeypatch.setitem(sys.modules, "completed_meanwhile", module)
    table: ClassTable[str] = ClassTable()
    table.enter("completed_meanwhile.Failed", "value")
    look = class_table._attribute

    def complete(*arguments: Any) -> Any:
        found = look(*arguments)
        # What another thread does between two lines of this one.
        module.Failed, module.__spec__._initializing = type("Failed", (Exception,), {}), False
        return found

    with monkeypatch.context() as patch:
        patch.setattr(class_table, "_attribute", complete)
        assert table.settle(KeyError) is False
    table.settle(KeyError)
    assert table.get(module.Failed) == ("value",)
