"""The table of connection faults: noticed within 30 s, recovered within 10 s, six attempts a minute at most.

`make faults` prints it; with EXPSYNCD_RECORD=docs/recovery.md it is written there.
"""

from __future__ import annotations

import os
import time

import pytest

from faults.connections.rows import ROWS, Row, matches
from faults.connections.scene import Scene
from faults.connections.table import Figures, record
from support.wait import until

NOTICED_WITHIN_S = 30.0
RECOVERED_WITHIN_S = 10.0
# The next attempt begins within ten seconds; six in a minute leave no shorter pause. Its login and first
# pull come on top and take what the machine gives them.
LOGIN_AND_PULL_S = 3.0
MOST_ATTEMPTS, WINDOW_S = 6, 60.0
AGED_S = 61.0
QUICK = [row for row in ROWS if row.quick]
LONG = [row for row in ROWS if not row.quick]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def table():
    """Figures of the rows that ran, printed and recorded at the end."""
    figures: dict[str, Figures] = {}
    yield figures
    record(figures, os.environ.get("EXPSYNCD_RECORD"))


@pytest.fixture
def scene(request, make_sshd, no_agent):
    """The surroundings that the row wants."""
    built = Scene.of(make_sshd, **request.param.surroundings)
    yield built
    built.close()


def ids(row: Row) -> str:
    return row.name.replace(" ", "-")


@pytest.mark.parametrize(("scene", "row"), [(r, r) for r in QUICK], ids=map(ids, QUICK), indirect=["scene"])
def test_quick(scene, row, table):
    happens(scene, row, table)


@pytest.mark.faults
@pytest.mark.parametrize(("scene", "row"), [(r, r) for r in LONG], ids=map(ids, LONG), indirect=["scene"])
def test_long(scene, row, table):
    happens(scene, row, table)


def happens(scene: Scene, row: Row, table: dict[str, Figures]) -> None:
    """One row from fresh to fresh."""
    said = ""
    scene.start()
    if row.aged:
        began = time.monotonic()
        until(lambda: time.monotonic() - began > AGED_S, AGED_S + 5)
    before = scene.look()
    act = row.act(scene)
    broke = time.monotonic()
    next(act)
    until(lambda: scene.noticed(before), NOTICED_WITHIN_S, f"noticed; {scene.look()}")
    noticed_s = time.monotonic() - broke
    if row.by_itself:
        scene.write()
        mended = time.monotonic()
    else:
        said = until(
            lambda: says(scene, row), NOTICED_WITHIN_S - noticed_s + 2, f"says {row.said}; {scene.look()}"
        )
        until(lambda: scene.is_honest() and time.monotonic() - broke > row.hold_s, row.hold_s + 10)
        said = says(scene, row) or said
        scene.write()
        mended = time.monotonic()
    next(act, None)
    scene.until_fresh(RECOVERED_WITHIN_S + LOGIN_AND_PULL_S)
    recovered_s = time.monotonic() - mended
    assert most_in_a_window(scene.attempts()) <= MOST_ATTEMPTS, scene.attempts()
    if row.by_itself:
        said = next((line for line in scene.heard() if matches(row.said, line)), "")
        assert said, scene.place.log()
    scene.end()
    table[row.name] = Figures(noticed_s, recovered_s, said)


def says(scene: Scene, row: Row) -> str:
    """The error that status shows and that is this row's; of a waiting host with the time of the next try."""
    seen = scene.look()
    if row.of_source:
        title = ((seen.get("sources") or {}).get("remote") or {}).get("error") or {}
    elif seen.get("status") == "waiting":
        assert seen["next_at"]
        title = seen["error"]
    else:
        return ""
    text = str(title.get("title", ""))
    return text if matches(row.said, text) else ""


def most_in_a_window(starts: list[float]) -> int:
    """The most attempts in any minute."""
    return max((sum(first <= s < first + WINDOW_S for s in starts) for first in starts), default=0)
