"""`expsyncd pause | resume | stop | reload`: wishes that the daemon answers at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.paths import Paths

Host = Annotated[str | None, typer.Argument(metavar="HOST", help="One host; all without it.")]


def _wish(verb: str, host: str | None, words: str) -> None:
    seen = False
    for message in client.stream(Paths.of(os.environ).control_socket, request(verb, host=host), 10):
        if "event" in message:
            seen = True
            print(words.format(**message))
    if not seen:
        print("no hosts yet: edit hosts.yaml (`expsyncd config path`)")


def pause(host: Host = None) -> None:
    """Stop pulling from one host or all; remembered across restarts."""
    _wish("pause", host, "{host} is paused; `expsyncd resume {host}` goes on")


def resume(host: Host = None) -> None:
    """Pull again, and try at once what had failed."""
    _wish("resume", host, "{host} goes on")


def stop() -> None:
    """End the running daemon."""
    for message in client.stream(Paths.of(os.environ).control_socket, request("stop"), 10):
        if "event" in message:
            print(f"expsyncd (pid {message['pid']}) is stopping")
            if message["yours"]:
                print(f"your ssh logins stay open: {', '.join(message['yours'])}")


def reload() -> None:
    """Read hosts.yaml again (saving it does the same).

    Exit status 78 when it has a mistake; the daemon then goes on with what it has.
    """
    from expsyncd.config.load import load

    socket = Paths.of(os.environ).control_socket
    file = Path(client.ask(socket, request("status"))["status"]["config"]["path"])
    client.ask(socket, request("reload"))
    load(file)
    print("hosts.yaml is read again; `expsyncd status` says how it went")
