from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from expsyncd.cli.runs_view.elide import cells
from expsyncd.cli.runs_view.page import FileLine, Page, lines
from expsyncd.cli.runs_view.printed import Printed
from expsyncd.cli.runs_view.resumed import Resumed
from expsyncd.cli.runs_view.values import harmless
from expsyncd.state.entries import EntryRow, LinkRow
from expsyncd.state.jobs import JobRow
from expsyncd.state.records import Version
from expsyncd.state.series import SeriesRow
from support.catalogues import NOW
from support.runs import seen

KEY = ("gpu", "logs", b"gan/a")


def shown(page, **given):
    return lines(page, Printed(**{"width": 80, "now": NOW, "colour": False, "unicode": True, **given}))


def full():
    one = seen(
        "gpu/gan/a", {"lr": "1e-3", "model": "unet"}, {"val/loss": [(0, 2.0), (1, 1.0)]},
        {"note": "the baseline", "pinned": True, "tags": ("paper",)}, trouble="a record cut off at byte 99",
    )  # fmt: skip
    one.jobs.append(
        JobRow("gpu", "123_4", "train", "FAILED", "", "n01", "gpu", None, NOW - 7200, NOW - 3600, None, 137, "out of memory",
               "", "", "", "", "", NOW)
    )  # fmt: skip
    entry = EntryRow(
        "e",
        "gpu",
        b"~/run.sh",
        12,
        13,
        "python train.py \\\n  --lr 1e-3",
        "train.py",
        "plain",
        "GAN",
        "try a\nlower lr",
    )
    return Page(
        one,
        ["hparams.yaml"],
        {"val/loss": [(0, NOW - 120, 2.0), (1, NOW - 60, 1.0)]},
        [(entry, LinkRow("e", *KEY, 0.9, "--name a")), (entry, LinkRow("f", *KEY, 0.5, "times"))],
        [SeriesRow(*KEY, b"fake_{epoch}.png", 12, 12, 1, 12, 9, NOW - 60, NOW, b"x.gif", "", "", 64, 64)],
        [
            FileLine(b"events.out.tfevents.1", 1500, NOW - 60),
            FileLine(b"best.csv", 20, NOW - 9000, gone=True),
        ],
        "/home/me/experiments/mirror/gpu/logs/gan/a",
        versions=[
            Version(
                1, "gpu", "logs", b"gan/a/best.csv", datetime.fromtimestamp(NOW, UTC), 40, b"p", "replaced"
            )
        ],
    )


def test_everything_has_its_place():
    text = "\n".join(shown(full()))
    for words in (
        "gpu/gan/a                                                                growing\na point 60 s ago\nbegan ",
        "not read: a record cut off at byte 99\nnote: the baseline\nmarked: pinned, paper\n",
        "\nSETTINGS  hparams.yaml\n  lr  1e-3  model  unet\n",
        "\nMETRICS     last  best\n  val/loss     1     1  least, at step 1\n",
        "\n  val/loss\n  2 ⠉",
        (
            "\nCOMMAND  ~/run.sh:12 on gpu, live\n  # GAN\n  # try a\n  # lower lr\n  python train.py \\\n    --lr 1e-3\n"
            "  linked because: --name a (0.90)\n  and 1 more entry (--json has all)\n"
        ),
        "\nJOBS\n  123_4  failed, out of memory, on n01, began ",
        "\nSAMPLES  `expsyncd samples open` shows them\n  fake_{epoch}.png  12 frames  steps 1-12  1m ago\n",
        (
            "\nFILES  /home/me/experiments/mirror/gpu/logs/gan/a\n  events.out.tfevents.1  1.5 kB  1m ago\n"
            "  best.csv                 20 B  2h ago  gone on host\n"
            "  1 older version kept, 40 B: `expsyncd versions 'gpu/logs/*'`"
        ),
    ):
        assert words in text


def test_it_fits_and_colour_changes_no_letter():
    for width in (40, 60, 80, 120):
        rows = shown(full(), width=width)
        assert max(map(cells, rows)) <= width
        painted = "\n".join(shown(full(), width=width, colour=True))
        for code in ("1", "2", "32", "33"):
            painted = painted.replace(f"\x1b[{code}m", "")
        assert painted.replace("\x1b[0m", "") == "\n".join(rows)
    assert "\n".join(shown(full(), unicode=False)).isascii()


def test_what_is_not_known_is_left_out():
    rows = shown(Page(seen("gpu/a", began_at=None, newest_at=None, step=None)))
    assert rows == [
        "gpu/a                                                                    growing",
        "a point 60 s ago",
        "1 file, 1.0 kB",
    ]


def test_a_resumed_run_is_explained():
    again = Resumed(b"events.2", 5, 10, 900.0)
    (line,) = [row for row in shown(Page(seen("gpu/a"), resumed=[again]), width=300) if "resumed" in row]
    assert line.endswith(
        ": events.2 begins at step 5, after an earlier file had come to 10;"
        " TensorBoard and the curves here follow the later one"
    )


def test_nothing_of_a_host_reaches_the_terminal():
    evil = "x\x1b[2J\u202e"
    page = Page(
        seen("gpu/a", {evil: evil}, {evil: [(0, 1.0), (1, 2.0)]}, {"note": evil}, why=evil, trouble=evil), [evil],
        {evil: [(0, 0.0, 1.0), (1, 1.0, 2.0)]},
        [(EntryRow("e", "gpu", evil.encode(), 1, 1, evil, "", "plain", evil, evil), LinkRow("e", *KEY, 0.9, evil))],
        [SeriesRow(*KEY, evil.encode(), 1, 1, 1, 1, 9, NOW, NOW, b"", evil, "", 64, 64)],
        [FileLine(evil.encode(), 1, NOW)],
    )  # fmt: skip
    text = "\n".join(shown(page))
    assert not {"\x1b", "\u202e"} & set(text)
    assert text.count("\\x1b") >= 12


texts = st.text(st.sampled_from("abc /_-运行e\u0301\x1b\n\u202e\udcff"), max_size=120)


@given(
    st.dictionaries(texts, texts, max_size=8),
    st.dictionaries(texts, st.floats(), max_size=8),
    texts,
    st.integers(40, 150),
)
def test_anything_fits(settings, scalars, why, width):
    one = seen(
        "gpu/a",
        settings,
        {tag: [(0, value), (1, 1.0)] for tag, value in scalars.items()},
        why=why,
        trouble=why,
    )
    curves = {tag: [(0, 0.0, value), (1, 0.0, 1.0)] for tag, value in list(scalars.items())[:4]}
    for row in shown(Page(one, [why], curves), width=width):
        assert cells(row) <= width
        assert row == harmless(row)
