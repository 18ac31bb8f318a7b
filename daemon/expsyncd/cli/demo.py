"""`expsyncd demo`: a built-in host, a real training-like run, the whole pipeline, no GPU machine needed."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expsyncd.errors import EXIT_FAILED

if TYPE_CHECKING:
    from expsyncd.cli.demo_screen import Figures, Screen
    from expsyncd.demo.check import Verdict
    from expsyncd.demo.stage import Stage

SHOW_EVERY_S = 0.5
SAMPLES_FOLDER = "gan/samples"
COUNT_EVERY_S = 2.0
# A short demo goes on until TensorBoard has been up this long: points written after its start are its proof.
SERVING_AT_LEAST_S = 4.0
SERVING_WITHIN_S = 30.0
EQUAL_WITHIN_S = 30.0
# TensorBoard looks each second: what it does not serve this long after the mirror was equal will not come.
SERVED_WITHIN_S = 8.0
INTERRUPTED = 130
URL_WITHIN_S = 5.0
AGAIN_S = 0.5


def _duration(text: str) -> timedelta:
    from expsyncd.config.durations import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def demo(
    for_: Annotated[
        timedelta | None,
        typer.Option("--for", parser=_duration, metavar="DURATION", help="End by itself, e.g. after 60s."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the demo's folder and print where it is.")
    ] = False,
) -> None:
    """Watch a training's results arrive: real ssh, rsync and TensorBoard, on this machine alone.

    Ends at Ctrl-C or after --for; then says whether everything arrived (exit 0) or what did not (exit 1).
    Nothing of yours is read or changed.
    """
    try:
        passed = asyncio.run(_perform(None if for_ is None else for_.total_seconds(), keep=keep))
    except asyncio.CancelledError:  # by the second Ctrl-C
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(0 if passed else EXIT_FAILED)


async def _perform(for_s: float | None, *, keep: bool) -> bool:
    from rich.console import Console

    from expsyncd.cli.demo_screen import Screen, introduce, summarise
    from expsyncd.cli.status import width
    from expsyncd.demo.stage import set_up

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = width()
    ending = asyncio.Event()
    _listen_to_signals(ending)
    async with set_up(keep=keep) as stage:
        await stage.ready()
        introduce(console, stage.places, await _board_url(stage))
        with Screen(console) as screen:
            serving_at = await _watch(stage, screen, ending, for_s)
        console.print("the training is stopped; waiting until the mirror is equal")
        await stage.stop_training()
        verdict = await _conclude(stage, serving_at)
        summarise(console, verdict)
        if keep:
            console.print(f"kept: {stage.places.folder}", soft_wrap=True)
    return verdict.passed


async def _board_url(stage: Stage) -> str | None:
    """TensorBoard's address once it serves; None when that takes long, which is no reason to show nothing."""
    began = time.monotonic()
    while time.monotonic() - began < URL_WITHIN_S:
        board = (await stage.status())["tensorboard"]
        if board["status"] == "serving":
            return str(board["url"])
        await asyncio.sleep(AGAIN_S)
    return None


def _listen_to_signals(ending: asyncio.Event) -> None:
    """The first signal ends the show with its summary, a second one ends everything at once."""
    main = asyncio.current_task()
    assert main is not None

    def end() -> None:
        if ending.is_set():
            main.cancel()
        ending.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)


async def _watch(stage: Stage, screen: Screen, ending: asyncio.Event, for_s: float | None) -> float | None:
    """Show the state until the end; the wall time at which TensorBoard was first seen to serve."""
    from expsyncd.cli.demo_screen import Figures

    note = "Ctrl-C ends it" if for_s is None else f"ends after {for_s:g} s, or by Ctrl-C"
    began = time.monotonic()
    serving_at: float | None = None
    figures, counted = Figures(), 0.0
    while not ending.is_set():
        status = await stage.status()
        if serving_at is None and status["tensorboard"]["status"] == "serving":
            serving_at = time.time()
        if time.monotonic() - counted >= COUNT_EVERY_S:
            figures = await asyncio.to_thread(_count, stage, status["tensorboard"]["url"])
            counted = time.monotonic()
        screen.show(status, figures, note)
        if for_s is not None and _is_over(time.monotonic() - began, for_s, serving_at):
            break
        try:
            await asyncio.wait_for(ending.wait(), SHOW_EVERY_S)
        except TimeoutError:
            continue
    return serving_at


def _is_over(running_s: float, for_s: float, serving_at: float | None) -> bool:
    if serving_at is None:
        return running_s >= max(for_s, SERVING_WITHIN_S)
    return running_s >= for_s and time.time() - serving_at >= SERVING_AT_LEAST_S


def _count(stage: Stage, url: str | None) -> Figures:
    from expsyncd.cli.demo_screen import Figures, mirrored
    from expsyncd.demo import served

    files, size, images = mirrored(stage.places)
    try:
        found = served.served(url) if url else {}
    except OSError:
        found = {}  # not up yet, or again; the status says so
    newest = served.newest(found)
    return Figures(served.count(found), None if newest is None else time.time() - newest, files, size, images)


async def _conclude(stage: Stage, serving_at: float | None) -> Verdict:
    """Check again and again until everything has arrived or the deadline has passed."""
    deadline = time.monotonic() + EQUAL_WITHIN_S
    all_here = False
    while True:
        verdict = await asyncio.to_thread(_judge, stage, await stage.status(), serving_at)
        if verdict.passed or time.monotonic() > deadline:
            return verdict
        if verdict.arrived and not all_here:
            all_here = True
            deadline = min(deadline, time.monotonic() + SERVED_WITHIN_S)
        await asyncio.sleep(AGAIN_S)


def _judge(stage: Stage, status: dict[str, Any], serving_at: float | None) -> Verdict:
    from expsyncd.demo import check, served
    from expsyncd.demo.animated import animated
    from expsyncd.demo.curves import RECIPES
    from expsyncd.demo.launched import launched

    places = stage.places
    kinds = check.compare(places.gpu, places.mirror, stage.host, status["hosts"].get(stage.host.name, {}))
    runs = [recipe.name for recipe in RECIPES]
    points = dict.fromkeys(runs, 0)
    url = status["tensorboard"]["url"]
    if url and serving_at is not None:
        with suppress(OSError):  # asked again until the deadline
            points = check.new_points(served.served(url), runs, serving_at)
    folder = places.gpu / SAMPLES_FOLDER
    shown = animated(folder, places.root.animations / stage.host.name, runs)
    return check.Verdict(tuple(kinds), points, tuple(shown), tuple(launched(places.paths.catalogue_db, runs)))
