"""The child that reads launch scripts: text in, redacted text and entries out.

Scripts are other people's text. Reading them here bounds what a hostile one can cost, and a secret never
comes into the daemon's own memory.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict
from typing import Any

from expsyncd.confined import confine, jobs, say
from expsyncd.journal.found import normalised
from expsyncd.journal.parse import is_script, parse
from expsyncd.journal.syntax import LONGEST, decoded
from expsyncd.redact import redact, redact_setting

CUT = f"only its first {LONGEST >> 10} kB are read"
MEMORY_MOST = 1 << 30


def main() -> None:
    """Answer jobs until the parent is gone."""
    confine(MEMORY_MOST)
    for job in jobs():
        try:
            say(**answer(job))
        except (OSError, MemoryError, RecursionError, ValueError) as error:
            say(refused=str(error) or type(error).__name__)


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """A job has `path` and `beside` (paths), or `text` and `beside_text`, which were redacted before."""
    cut = False
    if "text" in job:
        text, digest = str(job["text"]), ""
    else:
        raw = _bytes(job["path"])
        cut = len(raw) == LONGEST
        digest = hashlib.sha256(raw).hexdigest()
        text = redact(decoded(raw))
    if not is_script(text):
        return {"entries": [], "text": text, "digest": digest, "trouble": ""}
    beside = {name: _beside(path) for name, path in job.get("beside", {}).items()}
    beside |= {name: str(text) for name, text in job.get("beside_text", {}).items()}
    reading = parse(text, beside)
    entries = []
    for entry in reading.entries:
        made = asdict(entry)
        # What variables put together may be a secret only now.
        made["command"] = redact(entry.command)
        made["notes"] = [redact(note) for note in entry.notes]
        made["settings"] = {name: redact_setting(name, value) for name, value in entry.settings.items()}
        made["key"] = normalised(made["command"])
        entries.append(made)
    return {
        "entries": entries,
        "text": text,
        "digest": digest,
        "trouble": "; ".join(filter(None, (reading.trouble, CUT if cut else ""))),
    }


def _bytes(path: str) -> bytes:
    with open(os.fsencode(path), "rb") as file:
        return file.read(LONGEST)


def _beside(path: str) -> str:
    try:
        return redact(decoded(_bytes(path)))
    except OSError:
        return ""


if __name__ == "__main__":
    main()
