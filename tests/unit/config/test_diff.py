import pytest

from expsyncd.config.diff import Difference, difference
from expsyncd.config.load import parse

OLD = """
root: /data/x
interval: 60s
hosts:
  a: {sources: [~/x]}
  b: {interval: 30s, sources: [~/x]}
  c: {sources: [{path: ~/x, interval: 10s}]}
"""


def compare(new):
    return difference(parse(OLD.encode(), "old"), parse(new.encode(), "new"))


def test_the_same_text_is_no_difference():
    assert compare("# a comment\n" + OLD).nothing


def test_hosts_by_name():
    found = compare(OLD.replace("  a:", "  d:").replace("30s", "31s"))
    assert (found.added, found.removed, found.changed, found.kept) == (("d",), ("a",), ("b",), ("c",))
    assert not found.nothing


def test_a_default_changes_only_hosts_that_use_it():
    found = compare(OLD.replace("interval: 60s", "interval: 5m"))
    assert (found.changed, found.kept, found.schedule) == (("a",), ("b", "c"), True)


def test_writing_the_default_out_is_no_difference():
    assert compare(OLD.replace("a: {", "a: {interval: 60s, ")).nothing


@pytest.mark.parametrize(
    "line", ["skip: {over: 1GB}", "min_free: 1GB", "max_entries: 5", "allow_old_rsync: true"]
)
def test_what_every_pull_obeys_changes_every_host(line):
    found = compare(OLD + line)
    assert found.changed == ("a", "b", "c")
    assert found.reconnect == ()


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("tensorboard: {port: 7000}", "tensorboard"),
        ("versions: {count: 3}", "versions"),
        ("audit: 1d", "schedule"),
    ],
)
def test_parts_that_are_no_host(line, part):
    found = compare(OLD + line)
    assert {name for name, value in vars(found).items() if value is True} == {part}
    assert found.kept == ("a", "b", "c")


def test_root():
    found = compare(OLD.replace("/data/x", "/data/y"))
    assert found == Difference(kept=("a", "b", "c"), root=True)


def test_only_another_alias_or_transport_needs_another_connection():
    assert compare(OLD.replace("a: {", "a: {ssh: me@a, ")).reconnect == ("a",)
    assert compare(OLD.replace("a: {", "a: {transport: sftp, ")).reconnect == ("a",)
    assert compare(OLD.replace("a: {", "a: {follow: false, ")).reconnect == ()


@pytest.mark.parametrize("more", ["slurm: true", "gpus: true", "slurm: {interval: 5m}"])
def test_what_slurm_and_the_gpus_are_asked_disturbs_nothing_else(more):
    found = compare(OLD.replace("a: {", f"a: {{{more}, "))
    assert (found.changed, found.kept, found.asked) == ((), ("a", "b", "c"), ("a",))
    assert not found.nothing
    assert compare(OLD.replace("a: {", "a: {slurm: false, ")).nothing
