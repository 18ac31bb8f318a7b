"""The short state machine of the guarantees (RULING 29); the long ones are faults/test_guarantees.py."""

from __future__ import annotations

import pytest

from faults.guarantees.machine import Storm
from faults.guarantees.troubles import QUICK

EXAMPLES, STEPS = 8, 15

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_nothing_is_lost(tmp_path):
    # One daemon and one host for all: what is checked after each example does not need them new.
    ran = Storm(tmp_path, follow=None, troubles=QUICK, one_scene=True)
    ran.run(EXAMPLES, STEPS)
    assert {name: count for name, count in ran.deeds.items() if count < 3} == {}
    assert {name: count for name, count in ran.struck.items() if count < 2} == {}
