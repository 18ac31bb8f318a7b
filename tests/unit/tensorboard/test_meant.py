import pytest

from expsyncd.errors import Error
from expsyncd.tensorboard.meant import KnownRun, meant

KNOWN = {
    ("gpu1", "tb", b"gan/a"): KnownRun("gpu1/gan/a", 100.0),
    ("gpu1", "tb", b"gan/b"): KnownRun("gpu1/gan/b", 200.0),
    ("gpu2", "tb", b"gan/a"): KnownRun("gpu2/gan/a", 300.0),
    ("gpu2", "tb", b"x[1]"): KnownRun("gpu2/x[1]", None),
    ("gpu2", "tb", b"x1"): KnownRun("gpu2/x1", 50.0),
}


@pytest.mark.parametrize(
    ("words", "options", "names"),
    [
        (["gpu1/gan/a"], {}, ["gpu1/gan/a"]),
        (["gan/a"], {}, None),
        (["gan/b"], {}, ["gpu1/gan/b"]),
        (["*/gan/a"], {}, ["gpu1/gan/a", "gpu2/gan/a"]),
        (["gan/*"], {}, ["gpu1/gan/a", "gpu1/gan/b", "gpu2/gan/a"]),
        (["gan/*"], {"host": "gpu2"}, ["gpu2/gan/a"]),
        (["gpu2/x[1]"], {}, ["gpu2/x[1]"]),  # a name that looks like a glob is a name first
        (["gpu2/x[12]"], {}, ["gpu2/x1"]),
        ([], {"host": "gpu1"}, ["gpu1/gan/a", "gpu1/gan/b"]),
        ([], {"older_than": 150.0}, ["gpu1/gan/a", "gpu2/x1"]),  # of unknown age is not old
        (["gpu1/*"], {"older_than": 150.0}, ["gpu1/gan/a"]),
        (["gpu1/*", "nothing*"], {}, None),
        (["gpu1/gan/b", "gpu1/*"], {}, ["gpu1/gan/a", "gpu1/gan/b"]),
    ],
)
def test_words(words, options, names):
    if names is None:
        with pytest.raises(Error):
            meant(KNOWN, words, **options)
    else:
        assert [KNOWN[key].name for key in meant(KNOWN, words, **options)] == names


def test_an_unknown_name_is_told_with_what_may_be_meant():
    with pytest.raises(Error) as caught:
        meant(KNOWN, ["gan/a"])
    assert caught.value.advice == "did you mean gpu1/gan/a or gpu2/gan/a?"
    with pytest.raises(Error) as caught:
        meant(KNOWN, ["pu1/gan/b"])
    assert caught.value.advice == "did you mean gpu1/gan/b?"
    with pytest.raises(Error) as caught:
        meant(KNOWN, ["\x1b[31m"])
    assert "\x1b" not in caught.value.title
