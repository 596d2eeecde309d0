"""Many requests at once: threads, greenlets and coroutines see their own problems, and no other's.

The same instances are raised everywhere, so that whatever is written to one of them shows in the
answers to others. What does grow is the traceback of such an instance: Python adds to it each time
that it is raised, and keeps the frames alive. StatusKit adds no more than Flask does by itself.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from types import ModuleType, TracebackType
from typing import Any, TypeVar

import pytest
import werkzeug.exceptions
from flask import Blueprint, Flask, request
from flask_babel import Babel
from support import (
    BROWSER,
    Answer,
    Foreign,
    ForeignChild,
    assert_problem,
    call,
    kit_of,
    make_app,
    raising,
    view_raising,
)
from werkzeug.datastructures import WWWAuthenticate

from flask_statuskit import (
    Conflict,
    Gone,
    Locked,
    MethodNotAllowed,
    RateLimited,
    ServiceUnavailable,
    Unauthorized,
    ValidationError,
    config,
)
from flask_statuskit.class_table import ClassTable

THREADS = 64
ResultT = TypeVar("ResultT")


@pytest.fixture(autouse=True)
def switching() -> Iterator[None]:
    """Threads take turns all the time, not after 5 ms only, which is more than a request takes."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def at_once(work: Callable[[int], ResultT], threads: int = THREADS) -> list[ResultT]:
    """What `work` returns for each number, in a thread for each that begin together."""
    together = threading.Barrier(threads)

    def begin(number: int) -> ResultT:
        together.wait(timeout=60)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))


# Shared instances ---------------------------------------------------------------------------------


class Broken(Exception):
    """A bug."""


class Late(Exception):
    """Mapped to a 5xx."""


#: What the mapping of `Broken` builds, each time the same.
BUILT = Locked("Somebody edits it.", by="ann", retry_after=7)

SHARED: dict[str, Exception] = {
    "conflict": Conflict("Taken.", sku="A1", headers={"X-Own": "1"}),
    "login": Unauthorized(realm="shop", error="invalid_token"),
    "methods": MethodNotAllowed(valid_methods=["GET", "PUT"]),
    "limit": RateLimited(limit=3, remaining=0, retry_after=9),
    "invalid": ValidationError({"items": {0: ["Too dear."]}}),
    "closed": ServiceUnavailable("Closed.", retry_after=timedelta(minutes=1)),
    "werkzeugs": werkzeug.exceptions.MethodNotAllowed(valid_methods=["DELETE"]),
    "theirs": werkzeug.exceptions.Unauthorized(
        www_authenticate=WWWAuthenticate("basic", {"realm": "theirs"})
    ),
    "mapped": Foreign("secret"),
    "built": ForeignChild("secret"),
    "incident": Late("secret"),
    "bug": Broken("secret"),
}
STATUSES = {
    **{"conflict": 409, "login": 401, "methods": 405, "limit": 429, "invalid": 422, "closed": 503},
    **{"werkzeugs": 405, "theirs": 401, "mapped": 410, "built": 423, "incident": 504, "bug": 500},
}
LANGUAGES = ["de", "zh_Hans_CN", "fr"]
FORMATS = ["application/problem+json", "application/xml", BROWSER["Accept"]]


@pytest.fixture(autouse=True)
def loggers_are_for_others() -> Iterator[None]:
    """Have what is switched off here be on again for the applications of other tests."""
    yield
    for name in ("shop", "bare"):
        logging.getLogger(name).disabled = False


def sharing(*meetings: threading.Barrier) -> Flask:
    """An application that raises the shared instances, and lets others run wherever it is asked.

    Parameters:
        meetings: what all requests wait for before any of them raises.
    """
    # The tracebacks of shared instances are long.
    app = make_app({"STATUSKIT_LOG_LEVELS": {"5xx": "OFF"}})
    app.logger.disabled = True

    def locale() -> str:
        time.sleep(0)
        return request.headers["Accept-Language"]

    Babel(app, locale_selector=locale)

    @app.get("/<kind>-<number>")
    def fail(kind: str, number: str) -> None:
        for meeting in meetings:
            meeting.wait(timeout=60)
        raise SHARED[kind]

    @app.after_request
    def tag(response: Any) -> Any:
        time.sleep(0)
        response.headers["X-Path"] = request.path
        return response

    kit = kit_of(app)
    kit.map(Foreign, Gone, detail="It has moved.", retry_after=5, headers={"X-Own": "2"})
    kit.map(Late, 504, retry_after=3)

    @kit.map(ForeignChild)
    def locked(error: ForeignChild) -> Locked:
        time.sleep(0)
        return BUILT

    return app


def ask(app: Flask, kind: str, number: int, language: str, accept: str) -> Answer:
    """A request whose number stands in its path and in its id."""
    mark = f"-{number:02}"
    headers = {"X-Request-ID": f"id{mark}", "Accept": accept, "Accept-Language": language}
    return call(app, path=f"/{kind}{mark}", headers=headers)


def renumbered(answer: Answer, number: int) -> Answer:
    """The answer to the request with number 0 as that to another one."""
    mark = f"-{number:02}"
    headers = [(name, value.replace("-00", mark)) for name, value in answer.headers]
    return replace(answer, headers=headers, body=answer.body.replace(b"-00", mark.encode()))


def state_of(error: Exception) -> Any:
    return repr((vars(error), error.args, error.__cause__, error.__context__))


@pytest.mark.parametrize(
    ("turns", "spread"), [(12, 0), (4, 1)], ids=["the same instance", "different ones"]
)
def test_requests_at_once_get_their_own_answers(turns: int, spread: int) -> None:
    kinds = list(SHARED)
    variants = [(language, accept) for language in LANGUAGES for accept in FORMATS]
    app = sharing()
    alone = {(kind, variant): ask(app, kind, 0, *variant) for kind in kinds for variant in variants}
    assert {kind: alone[kind, ("fr", FORMATS[0])].status for kind in kinds} == STATUSES
    for (kind, _), answer in alone.items():
        assert (answer.header("X-Request-ID"), answer.header("X-Path")) == ("id-00", f"/{kind}-00")
    assert alone["mapped", ("de", FORMATS[0])].json["title"] == "Nicht mehr vorhanden"
    before = {kind: state_of(error) for kind, error in (*SHARED.items(), ("", BUILT))}

    app = sharing(threading.Barrier(THREADS))

    def variant_of(number: int) -> tuple[str, str]:
        return variants[number % len(variants)]

    def kinds_of(number: int) -> list[str]:
        return [kinds[(turn + spread * number) % len(kinds)] for turn in range(turns)]

    answers = at_once(
        lambda number: [ask(app, kind, number, *variant_of(number)) for kind in kinds_of(number)]
    )
    for number, own in enumerate(answers):
        for kind, answer in zip(kinds_of(number), own, strict=True):
            assert answer == renumbered(alone[kind, variant_of(number)], number)
    assert before == {kind: state_of(error) for kind, error in (*SHARED.items(), ("", BUILT))}


@pytest.mark.parametrize("accept", FORMATS, ids=["problem", "xml", "html"])
def test_first_requests_at_once_get_what_later_ones_get(accept: str) -> None:
    app = sharing(threading.Barrier(THREADS))
    firsts = at_once(lambda number: ask(app, "conflict", number, "de", accept))
    later = ask(sharing(), "conflict", 0, "de", accept)
    assert firsts == [renumbered(later, number) for number in range(THREADS)]


@pytest.mark.parametrize("kind", ["conflict", "werkzeugs", "mapped", "built", "incident", "bug"])
def test_a_shared_instance_gathers_no_more_traceback_than_under_bare_flask(kind: str) -> None:
    def entries(traceback: TracebackType | None) -> int:
        return 0 if traceback is None else 1 + entries(traceback.tb_next)

    def gathered(app: Flask) -> int:
        raised = SHARED[kind].with_traceback(None)
        for _ in range(2):
            assert call(app, path=f"/{kind}-0", headers={"Accept-Language": "de"}).status >= 400
        number = entries(raised.__traceback__)
        raised.with_traceback(None)
        return number

    bare = Flask("bare", static_folder=None)
    bare.logger.disabled = True
    bare.add_url_rule("/<_kind>-0", "fail", view_raising(SHARED[kind]))
    if STATUSES[kind] < 500:
        bare.register_error_handler(type(SHARED[kind]), lambda error: ("handled", 400))
    assert gathered(sharing()) <= gathered(bare)


# First errors -------------------------------------------------------------------------------------


class Library:
    """An integration that takes its time to give way."""

    def __init__(self) -> None:
        self.times = 0

    def give_way(self, app: Flask) -> None:
        time.sleep(0.01)
        self.times += 1


def test_no_error_is_answered_before_libraries_have_given_way() -> None:
    app, library = raising(Foreign), Library()
    app.extensions["statuskit"].libraries = (library,)
    given_way: list[int] = []

    @kit_of(app).map(Foreign)
    def build(error: Foreign) -> Conflict:
        given_way.append(library.times)
        return Conflict()

    at_once(lambda _: assert_problem(call(app), 409))
    assert len(given_way) == THREADS
    assert min(given_way) >= 1
    before = library.times
    call(app)
    assert library.times == before


def test_first_errors_at_once_do_not_contradict_flask_limiter() -> None:
    limiter = pytest.importorskip("flask_limiter").Limiter
    app = make_app(ratelimit_headers="legacy")
    limits = limiter(lambda: "all", app=app, storage_uri="memory://", headers_enabled=True)
    app.add_url_rule("/", "index", limits.limit("1 per hour")(lambda: "fine"))
    answers = sorted(at_once(lambda _: call(app)), key=lambda answer: answer.status)
    assert [answer.status for answer in answers] == [200] + [429] * (THREADS - 1)
    for answer in answers[1:]:
        assert_problem(answer, 429)
        assert answer.header("X-RateLimit-Limit") == "1"


@pytest.fixture
def failed() -> type[Exception]:
    """An exception that does not say by which name it is public."""
    return type("Failed", (Exception,), {"__module__": "elsewhere"})


def test_a_mapping_by_name_is_found_while_another_thread_looks_for_it(
    failed: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, found = threading.Event(), threading.Event()

    class Slow:
        """Stands in for a module; the first who looks into it has to wait."""

        @property
        def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
            if not asked.is_set():
                asked.set()
                found.wait(timeout=1)
            return {"Failed": failed}

    app = raising(failed)
    app.add_url_rule("/other", "other", view_raising(Conflict))
    kit_of(app).map("a_slow_library.Failed", Gone)
    monkeypatch.setitem(sys.modules, "a_slow_library", Slow())  # type: ignore[arg-type]
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(call, app, path="/other")
        assert asked.wait(timeout=60)
        answer = call(app)
        found.set()
        assert_problem(other.result(), 409)
    assert_problem(answer, 410)


def test_no_mapping_by_name_is_missed_or_lost_by_first_errors_at_once(
    failed: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [ClassTable[str]() for _ in range(200)]
    names = ["found_by_many.Failed", "found_by_many.Alias", "absent.Failed"]
    for table in tables:
        for name in names:
            table.enter(name, name)
    module = ModuleType("found_by_many")
    vars(module).update(Failed=failed, Alias=failed)
    monkeypatch.setitem(sys.modules, "found_by_many", module)

    def missing(table: ClassTable[str]) -> set[str]:
        table.settle(failed)
        return set(names[:2]) - set(table.get(failed))

    missed = at_once(lambda _: [missing(table) for table in tables], 8)
    assert [n for n in range(8) if any(missed[n])] == []
    assert [n for n, table in enumerate(tables) if missing(table)] == []


def test_a_mapping_by_name_is_found_in_the_thread_that_imports_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = [f"imported_by_many_{n}" for n in range(16)]
    for module in modules:
        (tmp_path / f"{module}.py").write_text("class Failed(Exception): ...")
    monkeypatch.syspath_prepend(tmp_path)
    app = make_app()
    for module in modules:
        kit_of(app).map(f"{module}.Failed", Conflict, module=module)

    @app.get("/<module>")
    def fail(module: str) -> None:
        raise import_module(module).Failed

    def work(number: int) -> None:
        module = modules[number % len(modules)]
        body = assert_problem(call(app, path=f"/{module}"), 409)
        assert body["module"] == module

    try:
        at_once(work)
    finally:
        for module in modules:
            sys.modules.pop(module, None)


# Settings that change -----------------------------------------------------------------------------


@pytest.mark.parametrize("again", [False, True], ids=["once", "back and forth"])
def test_a_setting_that_changes_while_another_thread_reads_it_counts(
    again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = raising(Unauthorized, {"STATUSKIT_CHALLENGE": "First"})
    resolve = config.resolve

    def slowly(*arguments: Any, **options: Any) -> Any:
        # What another thread may do before, after, or in between.
        if again:
            app.config["STATUSKIT_CHALLENGE"] = "Third"
        settings = resolve(*arguments, **options)
        app.config["STATUSKIT_CHALLENGE"] = "Second"
        return settings

    app.config["STATUSKIT_CHALLENGE"] = "Second" if again else "Third"
    monkeypatch.setattr(config, "resolve", slowly)
    call(app)
    monkeypatch.undo()
    assert call(app).header("WWW-Authenticate") == "Second"


def test_each_answer_is_of_one_piece_while_settings_change() -> None:
    app = raising(lambda: ValidationError({"name": ["Too long."]}))
    kinds = [
        {"STATUSKIT_VALIDATION_STATUS": 422, "STATUSKIT_RETRY_AFTER": {422: 3, 400: 3}},
        {"STATUSKIT_VALIDATION_STATUS": 400, "STATUSKIT_RETRY_AFTER": {422: 5, 400: 5}},
    ]
    last = THREADS - 1

    def work(number: int) -> None:
        for turn in range(6):
            if number % 8 == 0:
                app.config.update(kinds[turn % 2])
            answer = call(app)
            body = assert_problem(answer, answer.status)
            assert (answer.status, body["retry_after"]) in {
                (s, d) for s in (422, 400) for d in (3, 5)
            }

    app.config.update(kinds[0])
    at_once(work, last)
    for kind, expected in zip(kinds, [(422, 3), (400, 5)], strict=True):
        app.config.update(kind)
        answer = call(app)
        assert (answer.status, answer.json["retry_after"]) == expected


# Coroutines and greenlets -------------------------------------------------------------------------


async def failing(kind: str) -> None:
    await asyncio.sleep(0)
    raise SHARED[kind]


@pytest.fixture
def of_coroutines() -> Flask:
    """An application whose views, hooks and handlers are coroutines."""
    pytest.importorskip("asgiref", reason="flask[async] is not installed")
    app = make_app({"STATUSKIT_LOG_LEVELS": {"5xx": "OFF"}})
    app.logger.disabled = True
    kit_of(app).map(Foreign, Gone, retry_after=5)
    guarded = Blueprint("guarded", "shop")

    @app.get("/view-<_number>")
    async def view(_number: str) -> None:
        await failing("limit")

    @app.get("/gathered-<_number>")
    async def gathered(_number: str) -> None:
        await asyncio.gather(*(failing("conflict") for _ in range(3)))

    @app.get("/handled-<_number>")
    async def handled(_number: str) -> None:
        await failing("mapped")

    @app.errorhandler(Gone)
    async def gone(error: Gone) -> Any:
        await asyncio.sleep(0)
        return {"path": request.path, "wait": error.retry_after}, 410, {"X-Request-ID": mark()}

    @app.get("/unhandled-<_number>")
    async def unhandled(_number: str) -> None:
        await failing("built")

    @app.errorhandler(ForeignChild)
    async def passes_on(error: ForeignChild) -> Any:
        await failing("closed")

    @guarded.before_request
    async def guard() -> None:
        await failing("login")

    guarded.add_url_rule("/guarded-<number>", "view", view_raising(Conflict))
    app.register_blueprint(guarded)
    return app


def mark() -> str:
    return request.headers["X-Request-ID"]


def test_coroutines_at_once_get_their_own_answers(of_coroutines: Flask) -> None:
    expected = {"view": 429, "gathered": 409, "handled": 410, "unhandled": 503, "guarded": 401}

    def asked(kind: str, number: int) -> Answer:
        headers = {"X-Request-ID": f"id-{number:02}"}
        return call(of_coroutines, path=f"/{kind}-{number:02}", headers=headers)

    alone = {kind: asked(kind, 0) for kind in expected}
    assert {kind: answer.status for kind, answer in alone.items()} == expected
    before = {kind: state_of(error) for kind, error in SHARED.items()}

    def work(number: int) -> None:
        for kind in expected:
            assert asked(kind, number) == renumbered(alone[kind], number)

    at_once(work, 16)
    assert before == {kind: state_of(error) for kind, error in SHARED.items()}


def test_greenlets_at_once_get_their_own_answers() -> None:
    pytest.importorskip("gevent", reason="gevent is not installed")
    program = """
        from gevent import monkey
        monkey.patch_all()
        import test_concurrency as of_threads
        of_threads.test_requests_at_once_get_their_own_answers(4, 1)
        of_threads.test_first_requests_at_once_get_what_later_ones_get(of_threads.BROWSER["Accept"])
    """
    run = subprocess.run(
        [sys.executable, "-c", dedent(program)],
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.returncode == 0, run.stdout
