"""The short state machine of the guarantees (RULING 29); the long ones are faults/test_guarantees.py."""

from __future__ import annotations

import pytest

from faults.guarantees.machine import storm

EXAMPLES, STEPS = 8, 15

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_nothing_is_lost(tmp_path):
    ran = storm(tmp_path, follow=None, quick=True, shim=None)
    ran.run(EXAMPLES, STEPS)
    assert {name: count for name, count in ran.deeds.items() if count < 3} == {}
    assert {name: count for name, count in ran.struck.items() if count < 2} == {}
