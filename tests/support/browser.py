"""A person at Chromium: opens pages, presses keys, looks. By the DevTools protocol over a pipe, no driver needed."""

from __future__ import annotations

import base64
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from support.chromium import FLAGS, PROGRAM
from support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANSWER_WITHIN_S = 30.0
KEYS = {
    "Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, ""), " ": (32, " "), "Home": (36, ""), "End": (35, ""),
    "PageDown": (34, ""), "PageUp": (33, ""),
    "ArrowLeft": (37, ""), "ArrowUp": (38, ""), "ArrowRight": (39, ""), "ArrowDown": (40, ""),
}  # fmt: skip


class Browser:
    """One Chromium; `page()` opens pages in it. `complaints` collects every console error and exception."""

    def __init__(self, profile: Path) -> None:
        assert PROGRAM is not None
        to_it, ours_out = os.pipe()
        ours_in, from_it = os.pipe()
        flags = [flag for flag in FLAGS if "remote-debugging-port" not in flag]
        flags += [
            "--remote-debugging-pipe",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            f"--user-data-dir={profile}",
        ]
        flags += ["--no-sandbox"] if os.getuid() == 0 else []
        own = {name: str(profile) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        # Chromium speaks on descriptors 3 and 4, wherever ours are.
        put = "import fcntl, os, sys; ends = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]]"
        put += "; os.dup2(ends[0], 3); os.dup2(ends[1], 4); os.execv(sys.argv[3], sys.argv[3:])"
        argv = [sys.executable, "-c", put, str(to_it), str(from_it), PROGRAM, *flags, "about:blank"]
        self._child = subprocess.Popen(
            argv, env={**os.environ, **own}, start_new_session=True, pass_fds=(to_it, from_it),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_it)
        os.close(from_it)
        self._out = os.fdopen(ours_out, "wb", buffering=0)
        self._in = os.fdopen(ours_in, "rb")
        self._number = 0
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}
        self._reader = threading.Thread(target=self._read, name="chromium", daemon=True)
        self._reader.start()

    def ask(self, method: str, connection: str | None = None, **words: Any) -> dict[str, Any]:
        """One command's answer. AssertionError when Chromium refuses it."""
        self._number += 1
        number = self._number
        self._answers[number] = queue.Queue()
        message: dict[str, Any] = {"id": number, "method": method, "params": words}
        if connection is not None:
            message["sessionId"] = connection
        self._out.write(json.dumps(message).encode() + b"\0")
        answer = self._answers[number].get(timeout=ANSWER_WITHIN_S)
        del self._answers[number]
        assert "error" not in answer, (method, words, answer)
        found: dict[str, Any] = answer["result"]
        return found

    def page(self, url: str, width: int = 1280, height: int = 800, *, dark: bool = False) -> Page:
        """Open a page in a new tab."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        connection = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, target, connection)
        self._pages[connection] = page
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(f"{domain}.enable")
        page.resize(width, height)
        page.theme(dark=dark)
        page.go(url)
        return page

    def close(self) -> None:
        """End it and all it started."""
        os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._reader.join(5)
        self._out.close()
        self._in.close()

    def _read(self) -> None:
        buffer = b""
        while piece := self._in.read1(1 << 16):
            *messages, buffer = (buffer + piece).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    waiting = self._answers.get(message["id"])
                    if waiting is not None:
                        waiting.put(message)
                elif (page := self._pages.get(message.get("sessionId", ""))) is not None:
                    page.hear(message["method"], message["params"])


class Page:
    """One tab. `complaints`: console errors, exceptions, refused by a policy. `asked`: each request's URL."""

    def __init__(self, browser: Browser, target: str, connection: str) -> None:
        self._browser = browser
        self._target = target
        self._connection = connection
        self.complaints: list[str] = []
        self.asked: list[str] = []

    def ask(self, method: str, **words: Any) -> dict[str, Any]:
        return self._browser.ask(method, self._connection, **words)

    def hear(self, method: str, words: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            thrown = words["exceptionDetails"]
            self.complaints.append(str(thrown.get("exception", {}).get("description", thrown["text"])))
        elif method == "Log.entryAdded" and words["entry"]["level"] == "error":
            self.complaints.append(f"{words['entry']['text']} {words['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and words["type"] in ("error", "assert"):
            self.complaints.append(
                " ".join(str(one.get("value", one.get("description"))) for one in words["args"])
            )
        elif method == "Network.requestWillBeSent":
            self.asked.append(words["request"]["url"])

    def go(self, url: str) -> None:
        self.ask("Page.navigate", url=url)
        until(lambda: self.tells("document.readyState") == "complete", 30, f"{url} is loaded")

    def resize(self, width: int, height: int) -> None:
        narrow = width < 600
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=narrow,
        )

    def theme(self, *, dark: bool) -> None:
        wish = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[wish])

    def tells(self, expression: str) -> Any:
        """The value of a JavaScript expression, a promise's when it is kept."""
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, (expression, answer["exceptionDetails"])
        return answer["result"].get("value")

    def sees(self, expression: str, within: float = 30) -> Any:
        """Wait until an expression is true; its value."""
        found: list[Any] = [None]

        def look() -> bool:
            found[0] = self.tells(f"(() => {{ try {{ return {expression} }} catch {{ return null }} }})()")
            return bool(found[0])

        until(look, within, expression)
        return found[0]

    def texts(self, selector: str) -> list[str]:
        """The text of each element that a selector finds, white space as one sees it."""
        found: list[str] = self.tells(
            f"[...document.querySelectorAll({json.dumps(selector)})].map(one => one.innerText.replace(/\\s+/g, ' ').trim())"
        )
        return found

    def press(self, *keys: str) -> None:
        """Press keys: single characters, or names such as Enter and ArrowDown."""
        for key in keys:
            code, text = KEYS.get(key, (ord(key.upper()[0]), key))
            words = {"key": key, "windowsVirtualKeyCode": code, "code": key if len(key) > 1 else ""}
            self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **words)
            self.ask("Input.dispatchKeyEvent", type="keyUp", **words)

    def types(self, text: str) -> None:
        self.ask("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Press the mouse in the middle of the first element that a selector finds."""
        x, y = self.tells(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)}); one.scrollIntoView({{block: 'nearest'}});"
            " const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, file: Path) -> None:
        """A screenshot as PNG."""
        file.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        self._browser.ask("Target.closeTarget", targetId=self._target)


@contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    browser = Browser(profile)
    try:
        yield browser
    finally:
        browser.close()
