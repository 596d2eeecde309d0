"""Instructions of each stage of a typed 409, beside what the floor takes for the same.

python -m benchmarks.stages

Each stage is the function that a request calls, called alone with what it gets there.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.exceptions import Conflict as WerkzeugsConflict
from werkzeug.exceptions import HTTPException

from . import apps
from .calls import PATHS, environ
from .contenders import CONTENDERS
from .instructions import absent, count, count_here, counted
from .tables import table

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Stage = Callable[[], object]

#: By the names of their functions, in the order of the request: how many of the others each is
#: inside of, and what it buys.
STAGES = {
    "raise": (0, "an exception with a type and members"),
    "Conflict": (1, "members with checked names, headers, field errors"),
    "_find_error_handler": (0, "the application's own handlers, bugs, mappings"),
    "settings": (1, "changes of `app.config` hold at once"),
    "_choose": (1, "handlers of the application win, bugs are logged"),
    "resolve": (2, "mapped exceptions; redirects are left alone"),
    "respond": (0, "an answer with the right status, whatever fails"),
    "_problem": (1, "one value that all formats and receivers read"),
    "request_id": (2, "the same id in body, header and log"),
    "describe": (2, "what the status owes, security headers, the path"),
    "Problem": (3, "it is frozen, so nobody changes it on the way"),
    "_response": (1, "a body even where a dialect or a template fails"),
    "_dialect": (2, "the format that the client asks for"),
    "render": (2, "strict JSON, no larger than the limit"),
    "encode": (3, "the application's own types, as `app.json` has them"),
    "headers_of": (2, "six lines, not two"),
    "Response": (2, "an object for after_request functions to change"),
    "announce": (1, "log record and signal, where somebody wants them"),
    "get_wsgi_headers": (0, "Werkzeug's copy of the lines for the server"),
    "make_response": (0, "compare: Flask, for a handler that returns a tuple"),
}


def report() -> str:
    if reason := absent():
        return reason
    names = ("statuskit", "floor")
    # Several at a time: they do not disturb each other.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        stages = pool.map(_count_stages, names)
        requests = pool.map(partial(count, paths=["conflict"]), names)
        (ours, floors), (request, least) = stages, (of["conflict"] for of in requests)

    def row(title: str, here: int | None, there: int | None, buys: str = "") -> list[str]:
        numbers = ["" if number is None else f"{number:,}" for number in (here, there)]
        more = "" if here is None else f"{(here - (there or 0)) / least:.1%}"
        return [title, *numbers, more.replace("%", " %"), buys]

    return table(
        ["stage", "instructions", "in the floor", "more, of the floor's 409", "what it buys"],
        [
            *(
                row("· " * depth + f"`{name}`", ours.get(name), floors.get(name), buys)
                for name, (depth, buys) in STAGES.items()
            ),
            row("the whole request", request, least),
        ],
    )


def _count_stages(contender: str) -> dict[str, int]:
    taken = counted("benchmarks.stages", contender)
    # What it takes to call anything again and again.
    nothing = taken.pop("nothing")
    return {name: number - nothing for name, number in taken.items()}


@contextmanager
def prepared(contender: str) -> Iterator[dict[str, Stage]]:
    """The stages of a contender, and a request for the 409 that they are called in."""
    app = CONTENDERS[contender].make()
    made = environ(PATHS["conflict"]) | {"wsgi.input": io.BytesIO()}
    with app.request_context(made):
        yield {"statuskit": _ours, "floor": _floors}[contender](app, made)


def _ours(app: Flask, environ: WSGIEnvironment) -> dict[str, Stage]:
    from flask_statuskit import Conflict, describe, dialects, handlers, mapping, reply, response
    from flask_statuskit.current import Here, state_of, this_request
    from flask_statuskit.problem import Problem

    request, state, error = this_request(), state_of(app), _raised(app)
    settings = state.settings(app)
    here = Here(app, request, state, settings)
    resolution, answer = mapping.resolve(error, state.mapping), app._find_error_handler(error, [])
    problem, answered = response._problem(here, resolution), answer(error)
    fields, body, encode = vars(problem), problem.to_dict(), response._dumps(here)
    media_type, size = answered.content_type, answered.content_length
    to_render = problem, dialects.PROBLEM, encode, settings.max_body_bytes
    to_respond = [answered.data], answered.status, answered.headers
    to_describe = error, settings, describe.Occurrence(reply.id_of(environ, settings), request.path)
    to_announce = app, request, settings, resolution, problem
    # The second problem of a request has the id of the first, which takes nothing.
    forget = partial(environ.pop, reply._REQUEST_ID, None)
    return {
        "raise": lambda: _raised(app),
        "Conflict": lambda: Conflict(apps.EXISTS, email=apps.EMAIL),
        "_find_error_handler": lambda: app._find_error_handler(error, []),
        "settings": lambda: state.settings(app),
        "_choose": lambda: handlers._choose(here, error, []),
        "resolve": lambda: mapping.resolve(error, state.mapping, environ),
        "respond": lambda: (forget(), answer(error))[1],
        "_problem": lambda: (forget(), response._problem(here, resolution))[1],
        "request_id": lambda: describe.request_id(environ, settings.request_id_key),
        "describe": lambda: describe.describe(*to_describe),
        "Problem": lambda: Problem(**fields),
        "_response": lambda: response._response(here, problem),
        "_dialect": lambda: response._dialect(here),
        "render": lambda: dialects.render(*to_render),
        "encode": lambda: encode(body),
        "headers_of": lambda: reply.headers_of(problem, settings, media_type, size),
        "Response": lambda: app.response_class(*to_respond),
        "announce": lambda: reply.announce(*to_announce, reported=False),
        "get_wsgi_headers": lambda: answered.get_wsgi_headers(environ),
    }


def _floors(app: Flask, environ: WSGIEnvironment) -> dict[str, Stage]:
    error = _raised(app)
    handler = app._find_error_handler(error, [])
    answered = handler(error)
    by_hand = answered.data, 409, {"Content-Type": "application/json"}
    return {
        "raise": lambda: _raised(app),
        "Conflict": lambda: WerkzeugsConflict(apps.EXISTS),
        "_find_error_handler": lambda: app._find_error_handler(error, []),
        "respond": lambda: handler(error),
        "Response": lambda: apps._constant_response(409),
        "get_wsgi_headers": lambda: answered.get_wsgi_headers(environ),
        "make_response": lambda: app.make_response(by_hand),
    }


def _raised(app: Flask) -> HTTPException:
    try:
        app.view_functions["conflict"]()
    except HTTPException as error:
        return error
    raise AssertionError("The view raises.")


def _repeat(stage: Stage, times: int) -> None:
    for _ in range(times):
        stage()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--in"]:
        with prepared(sys.argv[3]) as stages:
            jobs = {"nothing": lambda: None, **stages}
            count_here(Path(sys.argv[2]), {n: partial(_repeat, job) for n, job in jobs.items()})
    else:
        print(report())
