"""`expsyncd version`."""

from __future__ import annotations

from expsyncd import __version__


def version() -> None:
    """Which version this is."""
    print(f"expsyncd {__version__}")
