from expsyncd.cli.runs_view.seen import Seen, add_launched, marked_words
from expsyncd.state.marks import Mark
from support.catalogues import run


def test_what_a_command_tells_fills_gaps():
    one = Seen(run("gpu/a"), Mark("gpu", "logs", b"a"), {"batch-size": "64"})
    add_launched(one, {"lr": "1e-3", "batch_size": "32", "wd": "0"}, {"lr", "batch_size"})
    assert one.settings == {"batch-size": "64", "lr": "1e-3"}
    assert one.launched == {"lr": "1e-3"}
    add_launched(one, {"lr": "1e-4", "wd": "0.1"}, None)  # a link that fits less
    assert one.settings == {"batch-size": "64", "lr": "1e-3", "wd": "0.1"}


def test_words():
    key = ("gpu", "logs", b"a")
    assert marked_words(Mark(*key)) == []
    assert marked_words(Mark(*key, hidden=True, pinned=True)) == ["pinned", "hidden"]
    assert marked_words(Mark(*key, hidden=False)) == ["shown"]
    assert Seen(run("gpu/a"), Mark(*key)).name == "gpu/a"
