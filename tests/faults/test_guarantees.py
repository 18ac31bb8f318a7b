"""Nothing is lost, whatever happens on the host and to the way there: many random examples, see guarantees/."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from faults.guarantees.machine import Storm
from faults.guarantees.troubles import TROUBLES

EXAMPLES, STEPS = (int(word) for word in os.environ.get("EXPSYNCD_STORM", "25x15").split("x"))
SHIM = Path(__file__).parent.parent / "labs" / "suspend_shim.c"
MOST_S_A_STEP = 30

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300 + MOST_S_A_STEP * EXAMPLES * STEPS)]


@pytest.fixture
def shim(tmp_path):
    """The preloaded library that lets a clock step, None without a compiler."""
    if shutil.which("gcc") is None:
        return None
    built = tmp_path / "suspend_shim.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", str(built), str(SHIM), "-ldl"], check=True)
    return built


@pytest.mark.parametrize("follow", [True, False], ids=["followed", "pulled"])
def test_nothing_is_lost(tmp_path, shim, follow):
    ran = Storm(tmp_path, follow=follow, troubles=tuple(TROUBLES), shim=shim)
    ran.run(EXAMPLES, STEPS)
    least = max(1, EXAMPLES * STEPS // 100)
    assert {name: count for name, count in ran.deeds.items() if count < least} == {}
    assert {name: count for name, count in ran.struck.items() if count < least} == {}
