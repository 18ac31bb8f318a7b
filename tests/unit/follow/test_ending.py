"""What people read of an agent that ended or never began."""

from __future__ import annotations

import pytest

from expsyncd.follow.ending import LONGEST_SAID, did_not_begin, last_line, why_ended


@pytest.mark.parametrize(
    ("code", "complaint", "noise", "served", "said"),
    [
        (255, b"", b"", True, "was killed"),
        (255, b"a warning of long ago\n", b"", True, "was killed"),
        (137, b"", b"", False, "was killed"),
        (255, b"Session open refused by peer\n", b"", False, "ended: Session open refused by peer"),
        (1, b"Traceback\n  x\nOSError: no\n\n", b"", True, "ended: OSError: no"),
        (1, b"", b"python3: try module load python\n", False, "ended: python3: try module load python"),
        (0, b"", b"", True, "ended: nobody spoke to it for too long"),
        (0, b"", b"", False, "ended: status 0"),
        (None, b"", b"", True, "ended: status None"),
        (1, b"\x1b[31mred\n", b"", True, "ended: ?[31mred"),
    ],
)
def test_why_it_ended(code, complaint, noise, served, said):
    assert why_ended(code, complaint, noise, served=served) == f"the agent on the host {said}"


def test_one_that_did_not_begin():
    assert did_not_begin(b"", 20) == "no agent began on the host in 20 s"
    assert (
        did_not_begin(b"Welcome\nPress a key \n\n", 20)
        == "no agent began on the host in 20 s, it says “Press a key”"
    )


def test_a_line_is_short():
    assert last_line(b" \n") == ""
    assert last_line(b"x" * 1000) == "x" * LONGEST_SAID


def test_a_secret_that_a_start_up_file_prints_is_not_shown():
    assert last_line(b"+ export WANDB_API_KEY=opensesame\n") == "+ export WANDB_API_KEY=[redacted]"
