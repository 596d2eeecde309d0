"""Each contender of the benchmarks does what is compared; nothing is timed here."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

import pytest
from support import strict_json

from benchmarks import instructions, stages
from benchmarks.__main__ import SECTIONS
from benchmarks.calls import PATHS, call, environ, repeat
from benchmarks.contenders import CONTENDERS, chosen, logging_for, notes
from benchmarks.tables import PAGE, machine, table, written
from benchmarks.timing import Timing, interleaved

MEASURED = [(name, path) for name, contender in CONTENDERS.items() for path in contender.paths]


@pytest.fixture(scope="module")
def applications() -> dict[str, Any]:
    """What has been made by now, by the contenders' names."""
    return {}


@pytest.mark.parametrize(("name", "path"), MEASURED)
def test_a_contender_answers_as_all_have_to(
    name: str, path: str, applications: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    contender, request = CONTENDERS[name], PATHS[path]
    if contender.absent:
        pytest.skip(contender.absent)
    if name not in applications:
        # Elsewhere each contender has a process of its own, and nobody has silenced it before.
        logging.getLogger("benchmark").disabled = False
        with warnings.catch_warnings():
            # The peers' own, about what they depend on.
            warnings.simplefilter("ignore")
            applications[name] = contender.make()
    made = environ(request, contender.accept)
    with logging_for(contender, path):
        repeat(applications[name], 2, made, request.body)
        status, _, body = call(applications[name], made, request.body)
    assert int(status[:3]) == request.status
    # Flask's own errors are pages.
    assert name == "bare" or strict_json(body)
    # A record costs more than an error: one contender makes them, and for each error one.
    assert len(caplog.records) == (3 if contender.logged and path != "success" else 0)


def test_the_first_contender_is_what_the_others_are_compared_with() -> None:
    assert next(iter(CONTENDERS)) == "floor"
    assert CONTENDERS["floor"].paths == tuple(PATHS)


def test_the_words_of_a_command_line_are_contenders_and_paths() -> None:
    assert chosen(["bug", "statuskit", "unknown"]) == (["statuskit"], ["bug", "unknown"])
    assert chosen([]) == ([*CONTENDERS], [*PATHS])
    with pytest.raises(SystemExit, match="nobody: neither of"):
        chosen(["statuskit", "nobody"])


def test_a_contender_whose_library_is_absent_is_left_out_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peer = CONTENDERS["restx"]
    monkeypatch.setitem(CONTENDERS, "restx", type(peer)(peer.title, peer.make, "no-such-library"))
    assert notes(["floor", "restx"]) == "- flask-restx: no-such-library is not installed"


@pytest.mark.parametrize("contender", ["statuskit", "floor"])
def test_a_stage_is_what_a_request_calls(contender: str) -> None:
    app, request = CONTENDERS[contender].make(), environ(PATHS["conflict"])
    call(app, request, b"")  # what is done once only
    by_request = {*_called(lambda: call(app, request, b""))}
    with stages.prepared(contender) as prepared:
        for name, stage in prepared.items():
            stage()
            assert name == "announce" or stage(), f"{name} gives nothing"
            by_stage = [code for code in _called(stage) if code.co_filename != stages.__file__]
            assert by_stage, f"{name} does nothing"
            assert by_stage[0] in by_request, f"{name} is no stage of a request any more"


def _called(function: Callable[[], object]) -> list[CodeType]:
    """What Python functions are called by a function, and by those, in order."""
    called: list[CodeType] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.append(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(before)
    # The first is the function itself.
    return called[1:]


def test_each_stage_is_in_the_table_with_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    with stages.prepared("statuskit") as ours, stages.prepared("floor") as floors:
        taken = {"statuskit": dict.fromkeys(ours, 60), "floor": dict.fromkeys(floors, 35)}
    assert {*ours, *floors} == {*stages.STAGES}
    monkeypatch.setattr(stages, "absent", lambda: None)
    monkeypatch.setattr(stages, "counted", lambda _, name: {"nothing": 10, **taken[name]})
    whole = {"statuskit": 250, "floor": 200}
    monkeypatch.setattr(stages, "count", lambda name, paths: dict.fromkeys(paths, whole[name]))
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in stages.report().splitlines()[2:]
    ]
    assert len(rows) == len(stages.STAGES) + 1
    assert ["· `Conflict`", "50", "25", "12.5 %"] in [row[:4] for row in rows]
    assert ["· · `render`", "50", "", "25.0 %"] in [row[:4] for row in rows]
    assert ["`make_response`", "", "25", ""] in [row[:4] for row in rows]
    assert rows[-1] == ["the whole request", "250", "200", "25.0 %", ""]


@pytest.mark.parametrize("report", [instructions.report, stages.report])
def test_without_valgrind_the_reason_stands_in_the_place_of_the_figures(
    report: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert report() == "Not counted: no valgrind and no callgrind_control."


def test_each_job_is_done_once_a_round_and_once_before() -> None:
    done: list[str] = []
    taken = interleaved(
        {name: lambda name=name: done.append(name) for name in "ab"}, rounds=5, requests=1
    )
    assert [*taken] == ["a", "b"]
    assert [sorted(done[at : at + 2]) for at in range(0, 12, 2)] == 6 * [["a", "b"]]


def test_the_spread_is_between_the_quartiles() -> None:
    assert Timing.of([5.0, 1.0, 3.0, 2.0, 4.0, 7.0, 6.0]) == Timing(1.0, 4.0, 4.0)


def test_a_table_lines_up_in_a_terminal() -> None:
    assert table(["µs", "minimum"], [["StatusKit", "1.5"], ["x", "10.5"]]) == (
        "| µs        | minimum |\n"
        "| --------- | ------: |\n"
        "| StatusKit |     1.5 |\n"
        "| x         |    10.5 |"
    )


def test_the_page_has_one_place_for_each_of_the_figures() -> None:
    page = PAGE.read_text(encoding="utf-8")
    figures = {name: f"figures of {name}" for name in (*SECTIONS, "machine")}
    first = written(page, figures)
    assert all(first.count(text) == 1 for text in figures.values())
    assert written(first, figures) == first
    with pytest.raises(ValueError, match="0 places for weather"):
        written(page, {"weather": "rain"})


def test_the_machine_is_described_by_what_matters_for_the_figures() -> None:
    described = machine(["flask", "no-such-library"])
    assert " cores" in described
    assert "flask 3." in described
    assert "no-such-library" not in described
