"""The child's side of a Cell: limits that it puts on itself, jobs that come in, answers that go out."""

from __future__ import annotations

import json
import os
import resource
import sys
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

NICE = 10


def confine(memory_most: int) -> None:
    """Give way to others, use at most so many bytes of memory, leave no core file."""
    os.nice(NICE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_most, memory_most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")  # damaged files make libraries talk


def jobs() -> Iterator[dict[str, Any]]:
    """One after the other, until the parent closes the pipe."""
    for line in sys.stdin:
        yield json.loads(line)


def say(**words: Any) -> None:
    """One line for the parent."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()
