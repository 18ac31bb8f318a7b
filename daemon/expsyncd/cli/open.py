"""`expsyncd open`: TensorBoard in the browser."""

from __future__ import annotations

import os
import webbrowser

from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import Error
from expsyncd.paths import Paths


def open_page() -> None:
    """Open TensorBoard's page; prints its address, also where there is no browser."""
    board = client.ask(Paths.of(os.environ).control_socket, request("status"))["status"]["tensorboard"]
    if not board["url"]:
        why = (board["error"] or {}).get("title") or f"it is {board['status']}"
        raise Error(f"TensorBoard does not serve now: {why}", "`expsyncd status` says more")
    print(board["url"])
    webbrowser.open(board["url"])
