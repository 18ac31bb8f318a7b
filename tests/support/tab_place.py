"""A laptop with results for the tab: root, databases, rendered frames, TensorBoard with our launch, a daemon's socket.

The daemon is a stand-in: the real listener and the real facts, the status from values that a test makes.
"""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from expsyncd.control.listener import Listener
from expsyncd.paths import Paths, RootPaths
from expsyncd.samples.darkroom import Darkroom
from expsyncd.samples.frame import Frame, Picture, SeriesKey
from expsyncd.samples.look import Look
from expsyncd.samples.records import frames_of, row_of
from expsyncd.samples.wanted import Wanted, made_of
from expsyncd.state.asked import Gpu, GpuProcess, GpusState, JobsState, NextJob
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.entries import EntryRow, LinkRow, put_entries, put_links
from expsyncd.state.facts import Facts
from expsyncd.state.follow import Arrival, FollowState
from expsyncd.state.frames import put_frames
from expsyncd.state.marks import change_of, keys_of
from expsyncd.state.measured import (
    MeasuredRow,
    ScalarRow,
    SettingRow,
    pack,
    put_curves,
    put_measured,
    put_scalars,
    put_settings,
)
from expsyncd.state.series import put_series
from expsyncd.state.shown import snapshot_json
from expsyncd.state.status import (
    ConfigState,
    Connected,
    Fresh,
    HostState,
    LastPull,
    NeedsLogin,
    RootState,
    Skipped,
    Snapshot,
    SourceState,
    Stale,
    Trouble,
)
from expsyncd.state.tensorboard import TensorBoardState
from expsyncd.state.tunnels import TunnelOpen, TunnelState
from expsyncd.tensorboard import command
from support.tensorboards import ask
from support.wait import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

    from expsyncd.state.measured import Point, RunKey

NOW = time.time()


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Laptop:
    """`fill` puts runs in, `images` series; `start` TensorBoard, `daemon` the socket."""

    def __init__(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="ex", dir="/tmp"))
        self.root = RootPaths(self.base / "root")
        for folder in (self.root.mirror, self.root.tb_log, self.root.animations):
            folder.mkdir(parents=True)
        self.environment = {
            **os.environ,
            "HOME": str(self.base), "XDG_RUNTIME_DIR": str(self.base / "run"), "XDG_STATE_HOME": str(self.base / "state"),
            "XDG_CACHE_HOME": str(self.base / "cache"), "XDG_CONFIG_HOME": str(self.base / "config"),
        }  # fmt: skip
        self.paths = Paths.of(self.environment)
        (self.base / "run").mkdir(mode=0o700)
        self.paths.make_private()
        self.catalogue = Catalogue.open(self.paths.catalogue_db)
        self.facts = Facts.open(self.paths.facts_db)
        self.port = 0
        self.pid = 0
        self.wishes: list[dict[str, Any]] = []
        self.snapshot = Snapshot(
            "0.1.0",
            4242,
            datetime.now(UTC),
            ConfigState("~/hosts.yaml", datetime.now(UTC)),
            RootState(str(self.root.path)),
        )
        self._child: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    # What is known

    def run(self, host: str, inside: bytes, *, state: str = "growing", why: str = "grew 4 s ago", step: int = 1000, age_s: float = 4, source: str = "gan",
            scalars: dict[str, list[Point]] | None = None, settings: dict[str, str] | None = None, trouble: str = "", name: str = "", listed: bool = True) -> RunKey:  # fmt: skip
        key = (host, source, inside)
        name = name or f"{host}/{inside.decode('utf-8', 'backslashreplace')}"
        with suppress(OSError, ValueError):
            if listed:
                (self.root.tb_log / name).mkdir(parents=True)
        row = MeasuredRow(
            *key,
            name,
            "tensorboard",
            state,
            why,
            NOW - 9000,
            NOW - age_s,
            step,
            2,
            123_456,
            trouble,
            b"train.log",
        )
        told = [SettingRow(*key, one, value, "hparams") for one, value in (settings or {}).items()]
        tags = [
            ScalarRow(
                *key,
                tag,
                len(points),
                points[0],
                points[-1],
                min(points, key=lambda p: p[2]),
                max(points, key=lambda p: p[2]),
            )
            for tag, points in (scalars or {}).items()
        ]

        def write(db: Any) -> None:
            put_measured(db, [row])
            put_settings(db, key, told)
            put_scalars(db, tags)
            put_curves(db, [(*key, tag, pack(points)) for tag, points in (scalars or {}).items()])

        with self._lock:
            self.catalogue.write(write)
        return key

    def entries(self, rows: Iterable[EntryRow], links: Iterable[LinkRow], unlinked: dict[str, str]) -> None:
        def write(db: Any) -> None:
            put_entries(db, rows)
            put_links(db, links, unlinked)

        with self._lock:
            self.catalogue.write(write)

    def series(
        self,
        key: RunKey,
        name: bytes,
        pictures: Sequence[tuple[int, bytes]],
        *,
        suffix: str = "png",
        stepless: bool = False,
    ) -> Path:
        """Images in the mirror under samples/ of the run, rendered as the daemon does; their folder.

        `stepless`: their names say no step, only their order.
        """
        folder = self.root.mirror / key[0] / key[1] / os.fsdecode(key[2]) / "samples"
        folder.mkdir(parents=True, exist_ok=True)
        frames = []
        for step, data in pictures:
            path = folder / f"{os.fsdecode(name).replace('{n}', f'{step:06d}')}.{suffix}"
            if not path.exists() or path.read_bytes() != data:
                path.write_bytes(data)
            seen = path.stat()
            frames.append(
                Frame(
                    (step, 0),
                    f"step {step}",
                    (Picture(os.fsencode(path), seen.st_size, seen.st_mtime_ns),),
                    None if stepless else step,
                )
            )
        series = SeriesKey(key[0], key[1], key[2], name + b"." + suffix.encode())
        out = (
            self.root.animations
            / key[0]
            / key[1]
            / os.fsdecode(key[2])
            / f"{os.fsdecode(name).replace('{n}', '')}.gif"
        )
        wanted = Wanted(series, key[1], tuple(frames), int(NOW * 1e9), out, "its folder", made_of(frames))
        self.render(wanted)
        return folder

    def render(self, wanted: Wanted, look: Look | None = None) -> None:
        look = look or Look()
        wanted.out.parent.mkdir(parents=True, exist_ok=True)

        async def work() -> Any:
            room = Darkroom(self.paths.frames_dir, 10**10)
            try:
                return await room.render(wanted.frames, look, wanted.out)
            finally:
                await room.rest()

        done = asyncio.run(work())
        row = row_of(wanted, done, "", None, "how", time.time(), self.root.path)
        frames = frames_of(wanted, done, look, self.root.path)

        def write(db: Any) -> None:
            put_series(db, row)
            put_frames(db, (row.host, row.source, row.run, row.name), frames)

        with self._lock:
            self.catalogue.write(write)

    # What runs

    def start(self, program: Sequence[str] = (), **environment: str) -> str:
        """TensorBoard as the keeper starts it; its address. `program`: Python that stands for the launch module."""
        from expsyncd.config.model import TensorBoardConfig

        self.port = free_port()
        argv = command.argv(TensorBoardConfig(), logdir=self.root.tb_log, port=self.port, fast=True)
        if program:
            argv[argv.index("-m") : argv.index("-m") + 2] = program
        with (self.base / "tensorboard.log").open("ab") as log:
            self._child = subprocess.Popen(
                argv,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.pid = self._child.pid
        until(
            lambda: ask(self.port, "/data/environment")[0] == 200 or self._child.poll() is not None,
            60,
            "TensorBoard answers",
        )
        assert self._child.poll() is None, (self.base / "tensorboard.log").read_text()
        return f"http://127.0.0.1:{self.port}"

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}/data/plugin/experiments/page.html"

    def daemon(self) -> None:
        """Serve the control socket in a thread."""
        started = threading.Event()

        async def status(_: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
            yield {"status": snapshot_json(self.snapshot)}

        async def mark(request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
            self.wishes.append(request)
            with self._lock:
                self.facts.marks.change(keys_of(request["runs"]), change_of(request))
            yield {"event": "marked"}

        async def wish(request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
            self.wishes.append(request)
            yield {"event": "wished"}

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            listener = Listener(
                self.paths.control_socket,
                {"status": status, "mark": mark, "pull": wish, "pause": wish, "resume": wish},
            )
            with suppress(asyncio.CancelledError):
                self._serving = asyncio.current_task()
                started.set()
                await listener.run()

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), name="daemon")
        self._thread.start()
        started.wait(10)
        until(self.paths.control_socket.exists, 10, "the socket is there")

    @contextmanager
    def daemon_away(self) -> Iterator[None]:
        """As if no daemon ran."""
        aside = self.base / "aside.sock"
        self.paths.control_socket.rename(aside)
        try:
            yield
        finally:
            aside.rename(self.paths.control_socket)

    def stop_daemon(self) -> None:
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._serving.cancel)
            self._thread.join(10)
            self._thread = None

    def stop(self) -> None:
        if self._child is not None:
            self._child.terminate()
            self._child.wait(20)
            self._child = None

    def close(self) -> None:
        try:
            self.stop()
            self.stop_daemon()
        finally:
            self.facts.close()
            self.catalogue.close()
            shutil.rmtree(self.base, ignore_errors=True)


def curve(points: int, first: float, last: float, *, step: int = 10) -> list[Point]:
    """A loss as one knows it: falls quickly, then slowly, with some noise that is always the same."""
    found = []
    for n in range(points):
        part = n / max(1, points - 1)
        value = (
            last
            + (first - last) * math.exp(-4 * part)
            + 0.04 * (first - last) * math.sin(n * 1.7) * (1 - part)
        )
        found.append((n * step, NOW - 9000 + n, value))
    return found


def drawing(seed: int, step: int, side: int = 128) -> bytes:
    """A sample that gets clearer with the steps."""
    import io
    import random

    chance = random.Random(seed)
    picture = Image.new("RGB", (side, side), tuple(chance.randrange(20, 90) for _ in range(3)))
    draw = ImageDraw.Draw(picture)
    for _ in range(4 + step):
        x, y, r = (chance.randrange(side) for _ in range(2)), 0, 0
        left, top = tuple(x)
        r = chance.randrange(side // 12, side // 4)
        del y
        draw.ellipse(
            (left - r, top - r, left + r, top + r), fill=tuple(chance.randrange(256) for _ in range(3))
        )
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def hosts() -> dict[str, HostState]:
    """Two hosts as a person has them: one well, one that wants a login."""
    now = datetime.now(UTC)
    sources = {
        "gan": SourceState(
            "~/gan/tb_log", Fresh(now), LastPull(now - timedelta(seconds=12), "complete", 4, 48_200, 0.41), now, 0.8, now,
            now + timedelta(seconds=48), FollowState("following", 12, healthy=True, arrival=Arrival(0.21, 0.74, 120)),
            (Skipped("ckpt/e100.pt", 420_000_000, "checkpoint over 50 MB"),), 1, 420_000_000,
        ),
        "results": SourceState(
            "~/gan/results", Stale(now - timedelta(minutes=5), Trouble("the last pull ended early", "it is tried again")),
            LastPull(now - timedelta(minutes=5), "retry", 0, 0, 3.2),
        ),
    }  # fmt: skip
    processes = (GpuProcess(4711, "me", "python", 9_000_000_000),)
    gpus = (
        Gpu(0, "NVIDIA A100", 93, 31_000_000_000, 40_000_000_000, 71, 288.0, processes),
        Gpu(1, "NVIDIA A100", 0, 0, 40_000_000_000, 34, 51.0),
    )
    board = TunnelState(
        status=TunnelOpen("http://localhost:6016", now),
        local="6016",
        remote="10.11.12.13:6006",
        tensorboard=True,
    )
    well = HostState(
        Connected(), now - timedelta(hours=3), "gpu1", sources, {"6016": board}, jobs=JobsState(3, 1, 1, NextJob("12345", "sweep", "Priority"), now), gpus=GpusState(gpus, now)
    )  # fmt: skip
    login = HostState(
        NeedsLogin(Trouble("hpc wants a one-time code", "log in once; the daemon then uses that login")), now - timedelta(minutes=20),
        "login.hpc.example", {"exp": SourceState("/scratch/me/exp")},
    )  # fmt: skip
    return {"gpu1": well, "hpc": login}


def furnished() -> Laptop:
    """A laptop with five runs on two hosts, samples, a journal."""
    place = Laptop()
    lrs = ["1e-3", "3e-4", "1e-4", "3e-3"]
    keys = []
    for n, lr in enumerate(lrs):
        scalars = {
            "val/loss": curve(120, 2.1, 0.31 + 0.1 * n),
            "train/loss": curve(400, 2.4, 0.2 + 0.1 * n),
            "fid": curve(40, 180, 22 + 9 * n, step=30),
            "lr": curve(400, 0.001, 0.001),
        }
        state = ("growing", "finished", "failed", "stalled")[n]
        why = {
            "growing": "grew 4 s ago",
            "finished": "its log says so",
            "failed": "its job ended: out of memory",
            "stalled": "no growth for 12 min, usually every 20 s",
        }[state]
        keys.append(place.run("gpu1", f"gan-lr{lr}".encode(), state=state, why=why, step=3990 - n * 7, age_s=4 + 700 * n * n, scalars=scalars,
                              settings={"lr": lr, "batch_size": "64", "seed": str(n), "model.width": "256" if n % 2 else "128"}))  # fmt: skip
    keys.append(
        place.run(
            "hpc",
            b"baseline/big",
            source="exp",
            state="gone",
            why="gone on host, kept here",
            age_s=90_000,
            step=12_000,
            scalars={"val/loss": curve(60, 1.9, 0.5)},
            settings={"lr": "1e-3", "batch_size": "512"},
        )
    )
    for n, key in enumerate(keys):
        place.series(key, b"fake_{n}", [(100 * step, drawing(n, 6 * step)) for step in range(1, 9 - n)])
    place.series(keys[0], b"recon_{n}", [(50 * step, drawing(40, 3 * step, 400)) for step in range(1, 13)])
    place.facts.marks.change(
        [keys[1]], {"note": "best FID so far, keep", "pinned": True, "add_tags": ["paper"]}
    )
    place.entries(
        [
            EntryRow("e1", "gpu1", b"~/gan/run.sh", 12, 13, "python train.py --name gan-lr1e-3 \\\n  --lr 1e-3 --batch_size 64", "train.py", "plain", "GAN, first sweep", "baseline: does it learn at all?", {"lr": "1e-3", "batch_size": "64"}, "commented", first_seen_at=NOW - 200_000, changed_at=NOW - 90_000),
            EntryRow("e2", "gpu1", b"~/gan/run.sh", 16, 16, "python train.py --name gan-lr3e-4 --lr 3e-4", "train.py", "loop", "GAN, first sweep", "slower but steadier", {"lr": "3e-4"}, first_seen_at=NOW - 8000, changed_at=NOW - 8000),
            EntryRow("e3", "gpu1", b"~/gan/run.sh", 21, 21, 'tmux new -d "python train.py --name gan-$SEED"', "train.py", "tmux", "Seeds", "", {}, symbolic=True, first_seen_at=NOW - 7000, changed_at=NOW - 7000),
        ],
        [LinkRow("e1", *keys[0], 0.98, "--name is the run's name"), LinkRow("e2", *keys[1], 0.9, "--name is the run's name")],
        {"e3": "its name holds a variable that is not known"},
    )  # fmt: skip
    place.snapshot = Snapshot(
        "0.1.0", 4242, datetime.now(UTC), ConfigState("~/.config/expsyncd/hosts.yaml", datetime.now(UTC)), RootState(str(place.root.path), 210_000_000_000),
        TensorBoardState("serving", "http://127.0.0.1:6006", 1, 5), hosts(),
    )  # fmt: skip
    return place
