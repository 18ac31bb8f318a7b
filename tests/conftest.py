"""Fixtures for all tests."""

from __future__ import annotations

import signal

from hypothesis import settings

from support.fixtures import (
    guarded,
    laptop,
    leak_guard,
    make_sshd,
    no_agent,
    short_folder,
    sshd,
    task_guard,
)
from support.required import pytest_runtest_makereport

__all__ = [
    "guarded",
    "laptop",
    "leak_guard",
    "make_sshd",
    "no_agent",
    "pytest_runtest_makereport",
    "short_folder",
    "sshd",
    "task_guard",
]

# A busy computer is no reason to fail: each example may take as long as it takes.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# `make test &` in a script starts us with SIGINT ignored, which every command that a test interrupts would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
