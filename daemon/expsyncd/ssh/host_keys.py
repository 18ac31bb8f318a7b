"""The fingerprint of the key that known_hosts holds, for the message about one that has changed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.ssh.causes import Kind

if TYPE_CHECKING:
    from expsyncd.ssh.diagnosis import Diagnosis

LARGEST_KNOWN_HOSTS = 16 << 20  # bytes
_OFFENDING = re.compile(r"^Offending \S+ key in (?P<file>/.+):(?P<line>\d+)\s*$", re.MULTILINE)


def with_both_fingerprints(found: Diagnosis, said: str) -> Diagnosis:
    """`found`, whose title also names the key that was known, if ssh `said` where that stands."""
    place = _OFFENDING.search(said)
    if found.kind is not Kind.HOST_KEY_CHANGED or place is None:
        return found
    known = _known(Path(place["file"]), int(place["line"]))
    return replace(found, title=found.title.replace(", now ", f": was {known}, now ")) if known else found


def fingerprint(line: str) -> str | None:
    """`SHA256:…` as ssh-keygen -l prints it, of a line of known_hosts; None when it holds no key."""
    for word in line.split():
        if word.startswith("AAAA"):
            try:
                blob = base64.b64decode(word, validate=True)
            except binascii.Error:
                return None
            return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return None


def _known(file: Path, number: int) -> str | None:
    try:
        if file.stat().st_size > LARGEST_KNOWN_HOSTS:
            return None
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return fingerprint(lines[number - 1]) if 0 < number <= len(lines) else None
