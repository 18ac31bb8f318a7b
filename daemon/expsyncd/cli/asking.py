"""The options that choose runs, for commands that list many; by argparse, as typer takes long to load."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.ask import Ask
from expsyncd.cli.runs_view.fields import STATES
from expsyncd.config.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

WORDS = """\
Words for --where, --sort and --columns:
  name host source state why kind step age began files bytes note tags mark
  job job-state     what every run has
  lr                a setting, or the end of one: lr means optimizer.lr, too
  val/loss          the last value of a metric
  best:val/loss     its best value; least: and greatest: where its name does
                    not say which is the best
  setting:lr metric:lr      where both have the name"""


class Parser(argparse.ArgumentParser):
    """argparse as the other commands are: options anywhere, none abbreviated, errors with exit status 2."""

    def __init__(self, name: str, about: str, words: str = "") -> None:
        super().__init__(
            f"expsyncd {name}",
            description=about,
            epilog=words or None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The options of a command line."""
        return self.parse_intermixed_args(_joined(words))


def add_filters(parser: Parser) -> None:
    """The options that `ask_of` reads."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="a part of HOST/RUN, or a glob")
    add = parser.add_argument
    add("--host", action="extend", type=listed, metavar="HOST", help="of this host, or these (a,b or a glob)")
    add("--state", action="extend", type=_states, metavar="STATE", help=", ".join(STATES))
    add("--tag", action="extend", type=listed, metavar="TAG", help="with this tag of yours")
    add("--newer", "--newer-than", "--age", type=_duration, metavar="AGE", help="grew within, like 2h")
    add("--older", "--older-than", type=_duration, metavar="AGE", help="did not grow within, like 7d")
    add(
        "--where", action="append", metavar="CONDITION",
        help="'lr=1e-4', 'val/loss<0.2', 'model~unet': = != < <= > >= ~ !~; several are and-ed",
    )  # fmt: skip
    add("--sort", metavar="WORD", help="by this, the least first; -WORD the other way; without it by age")
    add("--reverse", action="store_true", help="the other way round")
    add("--limit", type=_positive, metavar="N", help="the first N only")


def ask_of(given: argparse.Namespace) -> Ask:
    """What the options ask for."""
    return Ask(
        given.names, given.host or [], given.state or [], given.tag or [], given.newer, given.older,
        given.where or [], given.sort, given.reverse, given.limit,
    )  # fmt: skip


def listed(text: str | None) -> list[str]:
    """`a,b` → a, b."""
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _joined(words: Sequence[str]) -> list[str]:
    """`--sort -val/loss` as `--sort=-val/loss`: argparse takes the value for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--sort" and word.startswith("-"):
            joined[-1] = f"--sort={word}"
        else:
            joined.append(word)
    return joined


def _states(text: str) -> list[str]:
    for word in (words := listed(text)):
        if word not in STATES:
            raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(STATES)}")
    return words


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of runs")
    return int(text)
