"""Whole numbers, ports and the two ends of a forward. Pure; ValueError says what to write."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_WHOLE = re.compile(r"[0-9]{1,18}")


def whole(least: int, most: int, what: str) -> Callable[[str], int]:
    """A parser for whole numbers from `least` to `most`, both allowed; `_` may separate digits."""

    def parse(text: str) -> int:
        digits = text.replace("_", "")
        if not _WHOLE.fullmatch(digits) or not least <= int(digits) <= most:
            raise ValueError(f"{what} must be a whole number from {least} to {most}")
        return int(digits)

    return parse


port = whole(1, 65535, "a port")


def local_end(text: str) -> str:
    """`6016` or `ADDRESS:6016`; the address is one of this machine, 127.0.0.1 when left out."""
    address, colon, number = text.rpartition(":")
    digits = str(port(number))
    if not colon:
        return digits
    if address != "localhost":
        try:
            ipaddress.ip_address(address.removeprefix("[").removesuffix("]"))
        except ValueError:
            raise ValueError("the local end is PORT or ADDRESS:PORT, like 6016 or 127.0.0.1:6016") from None
        if ":" in address and not address.startswith("["):
            raise ValueError("an IPv6 address stands in brackets: [::1]:6016")
    return f"{address}:{digits}"


def remote_end(text: str) -> str:
    """`HOST:PORT` as seen from the host; a port alone is one of the host itself."""
    name, colon, number = text.rpartition(":")
    digits = str(port(number))
    if not colon:
        return f"localhost:{digits}"
    if name.startswith("[") and name.endswith("]"):
        ipaddress.IPv6Address(name[1:-1])
    elif not _LABEL.fullmatch(name):
        raise ValueError("the remote end is HOST:PORT or PORT, like 10.11.12.13:6006")
    return f"{name}:{digits}"


def local_address(local: str) -> tuple[str, int]:
    """The address and port that a `local` end takes on this machine."""
    address, _, number = local.rpartition(":")
    return ("127.0.0.1" if address in {"", "localhost"} else address.strip("[]"), int(number))
