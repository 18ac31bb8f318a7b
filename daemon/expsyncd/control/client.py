"""The CLI's end of the control socket. Stdlib only and no asyncio: its start-up is felt at every command."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from expsyncd.control.protocol import decode, encode
from expsyncd.errors import Error, NotRunningError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANSWER_WITHIN_S = 10.0


def stream(path: Path, request: dict[str, Any], timeout_s: float | None = None) -> Iterator[dict[str, Any]]:
    """Every line of the answer, the last with `ok`. `timeout_s` bounds the wait for each line.

    Raises NotRunningError when nobody serves there, the daemon's own Error, and Error when it hangs up.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_WITHIN_S)
    try:
        connection.connect(str(path))
    except TimeoutError as error:
        connection.close()
        raise _silent() from error
    except OSError as error:
        connection.close()
        raise NotRunningError(
            "expsyncd is not running", "start it: `systemctl --user start expsyncd`, or `expsyncd run`"
        ) from error
    with connection, connection.makefile("rwb") as file:
        try:
            file.write(encode(request))
            file.flush()
            connection.settimeout(timeout_s)
            for line in file:
                message = decode(line)
                if message.get("ok") is False:
                    raise _error(message)
                yield message
                if message.get("ok"):
                    return
        except TimeoutError as error:
            raise _silent() from error
        except ConnectionError as error:
            raise Error("the daemon hung up", "`expsyncd logs` may say why") from error
    raise Error("the daemon ended while it answered", "`expsyncd status` says whether it is back")


def ask(path: Path, request: dict[str, Any], timeout_s: float = ANSWER_WITHIN_S) -> dict[str, Any]:
    """The last line of the answer."""
    last: dict[str, Any] = {}
    for message in stream(path, request, timeout_s):
        last = message
    return last


def is_served(path: Path) -> bool:
    """Whether a daemon listens there; it is asked nothing."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def _silent() -> Error:
    return Error("the daemon does not answer", "`expsyncd logs` may say why; restart it")


def _error(message: dict[str, Any]) -> Error:
    said = message.get("error") or {}
    error = Error(str(said.get("title", "the daemon refused")), str(said.get("advice", "")))
    error.exit_status = int(said.get("exit_status", 1))
    return error
