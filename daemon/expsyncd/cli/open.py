"""`expsyncd open`: TensorBoard in the browser."""

from __future__ import annotations

import os
import webbrowser
from html import escape
from typing import TYPE_CHECKING

from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import Error
from expsyncd.paths import PRIVATE_FILE, Paths

if TYPE_CHECKING:
    from pathlib import Path


def open_page() -> None:
    """Open TensorBoard's page; prints its address, also where there is no browser."""
    paths = Paths.of(os.environ)
    board = client.ask(paths.control_socket, request("status"))["status"]["tensorboard"]
    if not board["url"]:
        why = (board["error"] or {}).get("title") or f"it is {board['status']}"
        raise Error(f"TensorBoard does not serve now: {why}", "`expsyncd status` says more")
    url = str(board["url"])
    print(url)
    webbrowser.open(url if _is_bare(url) else leading_to(url, paths.opened_page))


def _is_bare(url: str) -> bool:
    return not url.split("/", 3)[3:]


def leading_to(url: str, page: Path) -> str:
    """A page of ours that leads there: all users see a browser's arguments, and this address is a secret."""
    page.unlink(missing_ok=True)
    descriptor = os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(
            '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0;url={escape(url)}"><title>expsyncd</title>'
        )
    return page.as_uri()
