"""`expsyncd init`: put the commented sample where the daemon looks for hosts.yaml."""

from __future__ import annotations

import os

import typer


def init() -> None:
    """Write a commented hosts.yaml to start from, unless one is there; print where it is."""
    from expsyncd.errors import Error
    from expsyncd.paths import PRIVATE_FILE, PRIVATE_FOLDER, Paths, shipped

    path = Paths.of(os.environ).config_file
    sample = shipped("hosts.yaml").read_bytes()
    if path.exists() or path.is_symlink():
        # a link that leads nowhere yet is the person's as well
        typer.echo(f"{path} is there already and stays as it is")
        return
    try:
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except OSError as error:
        raise Error(f"{path} cannot be written", error.strerror or str(error)) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(sample)
    typer.echo(f"{path} is written: name your hosts in it, then `expsyncd config check`")
