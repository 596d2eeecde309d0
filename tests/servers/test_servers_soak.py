"""The soak, for a moment: .ci/run has five minutes of it, which can tell of memory as well."""

from __future__ import annotations

import os
import subprocess
import sys

from server_support import HERE, require


def test_mixed_errors_leave_nothing_open_and_each_has_the_status_that_was_asked_for() -> None:
    require("gunicorn")
    soaked = subprocess.run(
        [sys.executable, HERE / "soak.py", "--seconds=4"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    assert soaked.returncode == 0, soaked.stdout + soaked.stderr
    assert "descriptors: " in soaked.stdout
