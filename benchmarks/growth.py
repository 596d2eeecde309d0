"""What happens to the time of an error when mappings, field errors or endpoints get many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from flask import Flask

from .calls import Path, call, environ, repeat
from .tables import table
from .timing import interleaved

SIZES = (10, 100, 1_000, 10_000)
FIELD_ERRORS = (*SIZES, 100_000)
ENDPOINTS = 1_000
ROUNDS = 30
REQUESTS = 20

_TYPED, _MAPPED, _SUCCESS = (Path(url, 0, f"/{url}") for url in ("typed", "mapped", "success"))


def report() -> str:
    return "\n\n".join([_mappings(), _field_errors(), _endpoints()])


def _job(app: Flask, path: Path, requests: int = REQUESTS) -> Callable[[], None]:
    made = environ(path)
    return lambda: repeat(app, requests, made, b"")


def _mappings() -> str:
    jobs, columns = {}, ("a typed 409", "a mapped error", "a typed 409", "a mapped error")
    for size in SIZES:
        for by_name in (False, True):
            app = _with_mappings(size, by_name)
            for path in (_TYPED, _MAPPED):
                jobs[f"{size} {by_name} {path.title}"] = _job(app, path)
    taken = interleaved(jobs, rounds=ROUNDS, requests=REQUESTS)
    cells = [f"{timing.least:.0f} / {timing.middle:.0f}" for timing in taken.values()]
    of_classes, of_names = columns[:2], (f"{column}, by name" for column in columns[2:])
    return table(
        ["mappings (µs, minimum / median)", *of_classes, *of_names],
        ([f"{size:,}", *cells[4 * row : 4 * row + 4]] for row, size in enumerate(SIZES)),
    )


def _with_mappings(size: int, by_name: bool) -> Flask:
    """An application that maps many exceptions by class, or by names of what is not imported."""
    from flask_statuskit import Conflict, StatusKit

    app = Flask("shop")
    statuskit = StatusKit(app)
    mapped = [type(f"Failed{number}", (Exception,), {}) for number in range(1 if by_name else size)]
    for exception in mapped:
        statuskit.map(exception, Conflict)
    for number in range(size - len(mapped)):
        statuskit.map(f"absent.errors.Failed{number}", Conflict)

    def typed() -> NoReturn:
        raise Conflict("An account with this email already exists.")

    def raise_mapped() -> NoReturn:
        raise mapped[-1]

    app.add_url_rule(_TYPED.url, view_func=typed)
    app.add_url_rule(_MAPPED.url, view_func=raise_mapped)
    return app


def _field_errors() -> str:
    from flask_statuskit import StatusKit, ValidationError

    app = Flask("shop")
    StatusKit(app)
    errors: dict[str, dict[str, list[str]]] = {
        f"/{size}": {f"field{number}": ["Not a valid number."] for number in range(size)}
        for size in FIELD_ERRORS
    }

    @app.get("/<size>")
    def invalid(size: str) -> NoReturn:
        raise ValidationError(errors[f"/{size}"])

    paths = {url: Path(url, 422, url) for url in errors}
    jobs = {url: _job(app, path, requests=1) for url, path in paths.items()}
    taken = interleaved(jobs, rounds=ROUNDS, requests=1)
    bodies = {url: call(app, environ(path), b"")[2] for url, path in paths.items()}
    rows = [
        [
            f"{len(errors[url]):,}",
            *(f"{µs:,.0f}" for µs in (timing.least, timing.middle)),
            f"{timing.least / len(errors[url]):.1f}",
            f"{len(bodies[url]):,}",
            f"{bodies[url].count(b'pointer'):,}",
        ]
        for url, timing in taken.items()
    ]
    head = ["field errors", "minimum, µs", "median, µs", "µs for each", "bytes", "in the body"]
    return table(head, rows)


def _endpoints() -> str:
    apps = {
        f"{ENDPOINTS:,} endpoints": _with_endpoints(declared=False),
        f"{ENDPOINTS:,} endpoints with `@raises`": _with_endpoints(declared=True),
    }
    jobs = {
        f"{title} {path.title}": _job(app, path)
        for title, app in apps.items()
        for path in (_SUCCESS, _TYPED)
    }
    taken = interleaved(jobs, rounds=2 * ROUNDS, requests=REQUESTS)
    return table(
        ["µs, minimum / median", "success", "a typed 409"],
        (
            [
                title,
                *(
                    f"{timing.least:.1f} / {timing.middle:.1f}"
                    for name, timing in taken.items()
                    if name.rpartition(" ")[0] == title
                ),
            ]
            for title in apps
        ),
    )


def _with_endpoints(*, declared: bool) -> Flask:
    from flask_statuskit import Conflict, NotFound, StatusKit, raises

    def success() -> dict[str, Any]:
        return {"orders": 3}

    def typed() -> NoReturn:
        raise Conflict("An account with this email already exists.")

    def another(view: Callable[[], Any]) -> Callable[[], Any]:
        # A function of its own for each endpoint, as in an application.
        def own() -> Any:
            return view()

        return raises(Conflict, NotFound)(own) if declared else own

    app = Flask("shop")
    StatusKit(app)
    for number in range(ENDPOINTS - 2):
        app.add_url_rule(f"/other/{number}", f"other{number}", another(success))
    app.add_url_rule(_SUCCESS.url, "success", another(success))
    app.add_url_rule(_TYPED.url, "typed", another(typed))
    return app


if __name__ == "__main__":
    print(report())
