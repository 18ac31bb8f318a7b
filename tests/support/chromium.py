"""Headless Chromium on one page, which tells what it found by a POST to its own server."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--mute-audio", "--remote-debugging-port=0"]  # fmt: skip
WITHIN_S = 60.0


def told_by(folder: Path, page: str, profile: Path, *, name: str = "127.0.0.1") -> Any:
    """What `page`, served with the files of `folder`, posts as JSON to /told; `name`: of the site it is on."""
    assert PROGRAM is not None
    (folder / "index.html").write_text(page)
    told: queue.Queue[bytes] = queue.Queue()
    with _served(folder, told) as url:
        flags = [*FLAGS, *(["--no-sandbox"] if os.getuid() == 0 else []), f"--user-data-dir={profile}"]
        flags.append("--host-resolver-rules=MAP *.example 127.0.0.1")
        with subprocess.Popen(
            [PROGRAM, *flags, url.replace("127.0.0.1", name)], env=_environment(profile), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as browser:  # fmt: skip
            try:
                return json.loads(told.get(timeout=WITHIN_S))
            finally:
                os.killpg(browser.pid, signal.SIGKILL)


def dom_of(url: str, profile: Path) -> str:
    """What a page has become after it ran for a while."""
    assert PROGRAM is not None
    # With a port for debugging it would wait for somebody to come.
    flags = [flag for flag in FLAGS if "debugging" not in flag] + [f"--user-data-dir={profile}"]
    flags += ["--no-sandbox"] if os.getuid() == 0 else []
    flags += ["--host-resolver-rules=MAP *.example 127.0.0.1", "--virtual-time-budget=8000", "--dump-dom"]
    done = subprocess.run(
        [PROGRAM, *flags, url], env=_environment(profile), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=WITHIN_S, check=True,
    )  # fmt: skip
    return done.stdout


def _environment(profile: Path) -> dict[str, str]:
    own = {name: str(profile) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    return {**os.environ, **own}


@contextmanager
def _served(folder: Path, told: queue.Queue[bytes]) -> Iterator[str]:
    class Page(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_POST(self) -> None:
            told.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Page, directory=str(folder))) as http:
        thread = threading.Thread(target=http.serve_forever, name="page")
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}/index.html"
        finally:
            http.shutdown()
            thread.join()
