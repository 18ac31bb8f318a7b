"""The tab with 1,000 runs and 200 series of 100 frames: first view, scrubbing, memory, CPU. In headless Chromium."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from expsyncd.state.frames import frames_of, put_frames
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
from expsyncd.state.series import put_series, series_of
from support.browser import browsing
from support.chromium import PROGRAM
from support.tab_place import NOW, Laptop, curve, drawing, hosts

RUNS, TAGS = 1000, 20
SERIES, FRAMES, RENDERED = 200, 100, 8  # so many series are rendered; the others show the same frames
OPEN_S = 15.0
WITHOUT = "import sys; sys.modules['expsyncd.tab.plugin'] = None; from expsyncd.tensorboard.launch import main; sys.exit(main(sys.argv[1:]))"
# A hand that scrubs to and fro over half of the steps, one move a picture of the screen.
SCRUB = """new Promise(done => {
  const {stats, transport} = expsyncdSamples;
  const before = {...stats};
  const began = performance.now();
  let [at, by] = [0, 1];
  const move = () => {
    if (performance.now() - began > SECONDS * 1000) {
      const seconds = (performance.now() - began) / 1000;
      return done([(stats.paints - before.paints) / seconds, (stats.complete - before.complete) / seconds]);
    }
    at += by;
    if (at >= transport.steps.length - 1 || at <= 0) by = -by;
    transport.go(at);
    requestAnimationFrame(move);
  };
  move();
})"""


def fill(place: Laptop) -> None:
    def write(db: Any) -> None:
        for n in range(RUNS):
            key = (f"gpu{n % 10}", "exp", f"sweep{n // 100}/run-{n:04d}".encode())
            put_measured(
                db,
                [
                    MeasuredRow(
                        *key,
                        f"{key[0]}/{key[2].decode()}",
                        "tensorboard",
                        ("growing", "finished", "stalled", "failed")[n % 4],
                        "",
                        NOW - 9000,
                        NOW - n,
                        10 * n,
                        1,
                        99_999,
                    )
                ],
            )
            put_settings(
                db,
                key,
                [
                    SettingRow(*key, name, f"{(n * 7 + k) % 5}e-{k}", "hparams")
                    for k, name in enumerate(("lr", "decay", "width", "depth", "seed", "batch"))
                ],
            )
            points = curve(200, 2.0, 0.1 + n / RUNS)
            least = min(points, key=lambda one: one[2])
            put_scalars(
                db,
                [
                    ScalarRow(*key, f"{part}/loss{k}", 200, points[0], points[-1], least, points[0])
                    for k in range(TAGS // 2)
                    for part in ("train", "val")
                ],
            )
            put_curves(
                db,
                [
                    (*key, f"{part}/loss{k}", pack(points))
                    for k in range(TAGS // 2)
                    for part in ("train", "val")
                ],
            )

    place.catalogue.write(write)
    for n in range(RENDERED):
        place.series(
            (f"gpu{n}", "exp", f"sweep0/run-{n:04d}".encode()),
            b"fake_{n}",
            [(100 * step, drawing(n, step // 2, 256)) for step in range(1, FRAMES + 1)],
        )

    def copy(db: Any) -> None:
        rows = series_of(db)
        for n in range(RENDERED, SERIES):
            row = rows[n % RENDERED]
            its = frames_of(db, (row.host, row.source, row.run, row.name))
            other = row.__class__(
                **{**row.__dict__, "host": f"gpu{n % 10}", "run": f"sweep{n // 100}/run-{n:04d}".encode()}
            )
            put_series(db, other)
            put_frames(db, (other.host, other.source, other.run, other.name), its)

    place.catalogue.write(copy)


def own_mb(pid: int) -> float:
    """What a process has for itself."""
    kept = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return sum(int(words[1]) for words in kept if words[0] in ("Private_Clean:", "Private_Dirty:")) / 1000


def cpu_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    if PROGRAM is None:
        print("the tab: skipped, it needs chromium (apt-get install chromium)")
        return
    place = Laptop()
    rows: list[list[str]] = []
    try:
        fill(place)
        place.snapshot = place.snapshot.__class__(**{**place.snapshot.__dict__, "hosts": hosts()})
        place.daemon()
        place.start(["-c", WITHOUT])
        time.sleep(3)
        bare = own_mb(place.pid)
        place.stop()
        place.start()
        with tempfile.TemporaryDirectory() as profile, browsing(Path(profile)) as browser:
            browser.page("about:blank")  # its own start is not ours
            for name, ready in (
                ("runs", ".body .row"),
                ("samples", ".tile .step:not(:empty)"),
                ("hosts", ".card"),
            ):
                began = time.perf_counter()
                page = browser.page(f"{place.page}#{name}", 1700, 1250)
                page.sees(f"document.querySelectorAll({ready!r}).length")
                rows.append([f"first view of {name}", f"{time.perf_counter() - began:.2f} s", "< 1.5 s"])
                assert page.complaints == []
                page.close()
            page = browser.page(f"{place.page}#samples", 1700, 1250)
            page.sees("document.querySelectorAll('.tile').length")
            page.tells(
                "(() => { const size = document.querySelector('[data-choice=size]'); size.value = 'l'; size.dispatchEvent(new Event('change')); })()"
            )
            page.sees(
                "[...document.querySelectorAll('.tile .step')].filter(one => one.textContent).length >= 24"
            )
            tiles = page.tells(
                "[...document.querySelectorAll('.tile')].filter(one => one.getBoundingClientRect().top < document.querySelector('.wall').clientHeight + 90).length"
            )
            page.tells(SCRUB.replace("SECONDS", "8"))  # loads what is in view
            paints, complete = page.tells(SCRUB.replace("SECONDS", "6"))
            rows.append(
                [
                    f"scrubbing {tiles} tiles of 256 px, every tile right",
                    f"{complete:.0f} /s of {paints:.0f}",
                    ">= 30 /s",
                ]
            )
            page.go("about:blank")
            page.go(f"{place.page}#runs")
            page.sees("document.querySelectorAll('.body .row').length")
            for what, grows in (("while nothing happens", False), ("while a run grows each second", True)):
                before = cpu_s(place.pid)
                until = time.monotonic() + OPEN_S
                while time.monotonic() < until:
                    if grows:
                        place.run("gpu0", b"sweep0/run-0000", source="exp", step=int(time.time()), age_s=0)
                    time.sleep(1)
                rows.append(
                    [
                        f"TensorBoard's CPU, page open, {what}",
                        f"{100 * (cpu_s(place.pid) - before) / OPEN_S:.1f} % of a core",
                        "< 2 %",
                    ]
                )
            rows.append(["memory that the plugin adds", f"{own_mb(place.pid) - bare:.0f} MB", "< 60 MB"])
    finally:
        place.close()
    print(f"The tab: {RUNS} runs of {TAGS} tags, {SERIES} series of {FRAMES} frames of 256 px")
    for what, measured, aim in rows:
        print(f"{what:<62} {measured:>20}  (aim {aim})")


if __name__ == "__main__":
    main()
