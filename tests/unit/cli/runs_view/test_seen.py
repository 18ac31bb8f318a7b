from expsyncd.cli.runs_view.seen import Seen, marked_words
from expsyncd.state.marks import Mark
from support.catalogues import run


def test_words():
    key = ("gpu", "logs", b"a")
    assert marked_words(Mark(*key)) == []
    assert marked_words(Mark(*key, hidden=True, pinned=True)) == ["pinned", "hidden"]
    assert marked_words(Mark(*key, hidden=False)) == ["shown"]
    assert Seen(run("gpu/a"), Mark(*key)).name == "gpu/a"
