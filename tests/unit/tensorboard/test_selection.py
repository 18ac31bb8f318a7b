from datetime import timedelta

import pytest

from expsyncd.config.model import ShowConfig
from expsyncd.mirror.scan import RunFolder
from expsyncd.state.marks import Mark
from expsyncd.tensorboard.names import view_names
from expsyncd.tensorboard.selection import fits, select

NOW = 1_800_000_000.0
HOUR = 3600.0


def folder(name, ago_s=0.0):
    host, _, inside = name.partition("/")
    return RunFolder(host, "tb", inside.encode(), (b"tfevents.1",), int((NOW - ago_s) * 1e9), 10)


def chosen(runs, rule=None, marks=(), before=()):
    """Names of runs that are shown, hidden and folded."""
    folders = [folder(name, ago_s) for name, ago_s in runs.items()]
    names = view_names(folders)
    keys = {name: key for key, name in names.items()}
    said = {keys[name]: Mark(*keys[name], **given) for name, given in dict(marks).items()}
    found = select(
        folders, names, said, rule or ShowConfig(), now=NOW, before={keys[name] for name in before}
    )
    hidden = {names[key] for key in found.hidden}
    folded = {names[key] for key in found.folded}
    assert found.away == found.hidden | found.folded
    return set(names.values()) - hidden - folded, hidden, folded


RUNS = {"gpu1/gan/a": 0.0, "gpu1/gan/b": 2 * HOUR, "gpu2/vae": HOUR, "hpc/gan/a": 48 * HOUR}
EVERY = set(RUNS)


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ({}, EVERY),
        ({"hosts": ("gpu1",)}, {"gpu1/gan/a", "gpu1/gan/b"}),
        ({"hosts": ("gpu*",)}, {"gpu1/gan/a", "gpu1/gan/b", "gpu2/vae"}),
        ({"hosts": ("nobody",)}, set()),
        ({"runs": ("*gan*",)}, {"gpu1/gan/a", "gpu1/gan/b", "hpc/gan/a"}),
        ({"runs": ("vae",)}, {"gpu2/vae"}),  # RUN alone
        ({"runs": ("hpc/*", "vae")}, {"hpc/gan/a", "gpu2/vae"}),
        ({"runs": ("GAN/*",)}, set()),
        ({"without": ("gan/a",)}, {"gpu1/gan/b", "gpu2/vae"}),
        ({"runs": ("gan/*",), "without": ("*/b",)}, {"gpu1/gan/a", "hpc/gan/a"}),
        ({"younger_than": timedelta(hours=1.5)}, {"gpu1/gan/a", "gpu2/vae"}),
        ({"younger_than": timedelta(hours=1)}, {"gpu1/gan/a"}),
        ({"newest": 2}, {"gpu1/gan/a", "gpu2/vae"}),
        ({"newest": 1, "hosts": ("hpc", "gpu2")}, {"gpu2/vae"}),
        ({"newest": 4}, EVERY),
    ],
)
def test_the_rule(rule, shown):
    assert chosen(RUNS, ShowConfig(**rule)) == (shown, set(), EVERY - shown)


@pytest.mark.parametrize(
    ("mark", "rule", "where"),
    [
        ({"hidden": True}, {}, "hidden"),
        ({"hidden": True}, {"runs": ("gpu2/*",)}, "hidden"),
        ({"hidden": True, "pinned": True}, {}, "hidden"),
        ({"hidden": False}, {"hosts": ("nobody",)}, "shown"),
        ({"pinned": True}, {"hosts": ("nobody",)}, "shown"),
        ({"pinned": True}, {"younger_than": timedelta(seconds=1)}, "shown"),
        ({"note": "only a note"}, {"hosts": ("nobody",)}, "folded"),
    ],
)
def test_what_the_person_said_stands_over_the_rule(mark, rule, where):
    found = dict(
        zip(
            ("shown", "hidden", "folded"),
            chosen(RUNS, ShowConfig(**rule), {"gpu2/vae": mark}),
            strict=True,
        )
    )
    assert [name for name, runs in found.items() if "gpu2/vae" in runs] == [where]


def test_pinned_runs_come_beside_the_newest():
    shown, _, folded = chosen(RUNS, ShowConfig(newest=1), {"hpc/gan/a": {"pinned": True}})
    assert shown == {"hpc/gan/a", "gpu1/gan/a"}
    assert folded == {"gpu1/gan/b", "gpu2/vae"}


def test_runs_that_grow_together_do_not_take_turns():
    rule = ShowConfig(newest=1)
    assert chosen({"gpu/a": 1.0, "gpu/b": 0.0}, rule, before={"gpu/a"})[0] == {"gpu/a"}
    assert chosen({"gpu/a": 700.0, "gpu/b": 0.0}, rule, before={"gpu/a"})[0] == {"gpu/b"}
    assert chosen({"gpu/a": 0.0, "gpu/b": 0.0}, rule)[0] == {"gpu/b"}


def test_a_clock_ahead_of_ours_wins_nothing():
    # A run of a host whose clock is a year ahead must give way to what is shown and grows now.
    runs = {"gpu/ahead": -365 * 24 * HOUR, "gpu/now": 0.0}
    assert chosen(runs, ShowConfig(newest=1), before={"gpu/now"})[0] == {"gpu/now"}


def test_it_says_when_age_changes_it_next():
    folders = [folder("gpu/a", 10.0), folder("gpu/b", 50.0), folder("gpu/c", 70.0)]
    rule = ShowConfig(younger_than=timedelta(seconds=60))
    found = select(folders, view_names(folders), {}, rule, now=NOW)
    assert found.until == pytest.approx(NOW + 10)
    assert select(folders, view_names(folders), {}, ShowConfig(), now=NOW).until is None


def test_globs_mean_the_whole_name():
    assert fits("gpu1/gan/a", ["gan/?"])
    assert not fits("gpu1/gan/a", ["gan"])
    assert not fits("gpu1/gan/a", ["a"])
