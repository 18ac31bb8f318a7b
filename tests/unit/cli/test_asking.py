from datetime import timedelta

import pytest

from expsyncd.cli.asking import Parser, add_filters, ask_of, listed
from expsyncd.cli.runs_view.ask import Ask


def asked(*words):
    parser = Parser("runs", "about")
    add_filters(parser)
    return ask_of(parser.read(words))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], Ask()),
        (["gan", "--state", "growing", "unet*"], Ask(names=["gan", "unet*"], states=["growing"])),
        (["--where", "lr=1", "--where=a>2"], Ask(where=["lr=1", "a>2"])),
        (["--sort", "-val/loss"], Ask(sort="-val/loss")),
        (["--sort=-val/loss", "--reverse"], Ask(sort="-val/loss", reverse=True)),
        (["--state", "failed,stalled", "--state", "gone"], Ask(states=["failed", "stalled", "gone"])),
        (["--host", "a,b*", "--age", "2h"], Ask(hosts=["a", "b*"], newer=timedelta(hours=2))),
        (["--newer", "2h", "--older", "1m"], Ask(newer=timedelta(hours=2), older=timedelta(minutes=1))),
        (
            ["--host", "a", "--host", "b", "--tag", "x", "--limit", "3"],
            Ask(hosts=["a", "b"], tags=["x"], limit=3),
        ),
    ],
)
def test_options(words, expected):
    assert asked(*words) == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--state", "happy"], "'happy' is none of growing, stalled"),
        (["--newer", "2"], "a duration needs its unit"),
        (["--limit", "0"], "'0' is no number of runs"),
        (["--stat", "growing"], "unrecognized arguments"),
        (["--sort"], "expected one argument"),
    ],
)
def test_misuse_exits_with_two(capsys, words, said):
    with pytest.raises(SystemExit) as exit_:
        asked(*words)
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_lists():
    assert listed(" a, b,,c ") == ["a", "b", "c"]
    assert listed(None) == []
