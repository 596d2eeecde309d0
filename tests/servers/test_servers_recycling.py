"""Workers that are replaced while they answer errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from server_support import Kind, gunicorn, serving
from support import assert_problem
from wire import request

REQUESTS = 120
PER_WORKER = 20

#: By turns; nobody asked for any other 5xx.
ASKED = {"/table/raise/409": 409, "/nowhere": 404, "/table/bug": 500, "/table/late": 503}


@pytest.mark.parametrize("options", [[], ["--threads=2"]], ids=["sync", "gthread"])
def test_no_answer_is_lost_and_no_id_comes_twice_while_workers_are_replaced(
    options: list[str], tmp_path: Path
) -> None:
    # Loaded before it is forked: a generator of ids that has a state would be the same in each.
    recycling = ["--preload", "--workers=2", f"--max-requests={PER_WORKER}", "--log-level=info"]
    kind = Kind(gunicorn(*recycling, *options), ("gunicorn",))
    with serving("recycling", tmp_path, kind) as server:
        ids = set()
        wire = server.connect()
        for number in range(REQUESTS):
            path, status = list(ASKED.items())[number % len(ASKED)]
            wire.send(request("GET", path))
            answer = wire.receive_or_end()
            if answer is None:
                # The worker went while the connection was idle; whoever asks may ask again.
                wire.close()
                wire = server.connect()
                answer = wire.ask("GET", path)
            ids.add(assert_problem(answer, status)["request_id"])
            if answer.last:
                wire.close()
                wire = server.connect()
        wire.close()
        assert len(ids) == REQUESTS
        assert server.log.count("Booting worker") >= REQUESTS // PER_WORKER // 2
