"""What `login` advises when it did not come about."""

from __future__ import annotations

import pytest

from expsyncd.cli.login import advice_of
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import Diagnosis

KEY = Diagnosis(Kind.HOST_KEY_UNKNOWN, "the host key is not known yet", "compare the fingerprint")
CODE = Diagnosis(Kind.PERMISSION_DENIED, "a code is asked for", "", needs_login=True)
DOWN = Diagnosis(Kind.REFUSED, "refused", "no sshd listens there now")


@pytest.mark.parametrize(
    ("found", "asks", "advice"),
    [
        (KEY, True, KEY.advice),
        (KEY, False, "run it in a terminal: ssh asks its questions there"),
        (CODE, True, "does `ssh gpu1` work here? Then try again"),
        (CODE, False, "run it in a terminal: ssh asks its questions there"),
        (DOWN, False, DOWN.advice),
    ],
)
def test_what_to_do_where_nobody_could_be_asked_is_a_terminal(found, asks, advice):
    assert advice_of(found, "gpu1", asks=asks) == advice
