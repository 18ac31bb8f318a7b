"""The words between CLI and daemon: one JSON object a line, versioned; stdlib only.

Request: `{"v": 1, "do": VERB, ...arguments}`. Reply: any number of `{"event": NAME, ...}` lines, then one
`{"ok": true, ...}` or `{"ok": false, "error": {"title", "advice", "exit_status"}}`, then the daemon closes.
"""

from __future__ import annotations

import json
from typing import Any

from expsyncd.errors import Error

VERSION = 1
LONGEST_REQUEST = 1 << 20  # bytes; a request is a few words, so more is a mistake


def encode(message: dict[str, Any]) -> bytes:
    """One line. Lone surrogates (bytes that are not UTF-8) travel as escapes."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The object of one line. Raises Error for anything else."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Error("the other end sent something that is not JSON") from error
    if not isinstance(message, dict):
        raise Error("the other end sent something that is not a request")
    return message


def request(verb: str, **arguments: Any) -> dict[str, Any]:
    """A request in this version."""
    return {"v": VERSION, "do": verb, **arguments}


def failure(error: Error) -> dict[str, Any]:
    """The last line of a request that failed."""
    return {
        "ok": False,
        "error": {"title": error.title, "advice": error.advice, "exit_status": error.exit_status},
    }
