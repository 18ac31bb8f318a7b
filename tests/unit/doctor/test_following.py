"""What the doctor says of following, by what status says."""

from __future__ import annotations

from expsyncd.doctor.finding import note, ok
from expsyncd.doctor.following import of_host, points


def state(**sources):
    return {
        "sources": {name: {"follow": {"mode": mode, "reason": why}} for name, (mode, why) in sources.items()}
    }


def test_each_source_and_each_reason_once():
    said = of_host(
        state(
            a=("following", ""), b=("rescanning", "NFS does not tell what other machines write"),
            c=("off", "no python3 on the host"), d=("off", "no python3 on the host"), e=("off", ""), f=("starting", ""),
        )
    )  # fmt: skip
    assert said == [
        ok("following", "a: growth is told at once"),
        note("following", "b: found by rescans (NFS does not tell what other machines write)"),
        note("following", "at the interval only: no python3 on the host"),
    ]


def test_without_a_daemon_or_by_an_old_one():
    assert of_host(None) == []
    assert of_host({"sources": {"a": {}}}) == []


def test_the_writers_own_flush_is_named():
    assert "flush_secs" in points().title
