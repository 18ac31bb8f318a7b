"""`expsyncd config check | path | schema`: is the file right, where is it, what may stand in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Check hosts.yaml, say where it is, print its JSON schema.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _config_file() -> Path:
    from expsyncd.paths import Paths

    return Paths.of(os.environ).config_file


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="The file; default: the one the daemon reads.")] = None,
) -> None:
    """Say every problem of the file as FILE:LINE:COLUMN.

    Exit status 78 when there is one.
    """
    from expsyncd.config.load import ConfigError, load

    path = file or _config_file()
    try:
        config = load(path)
    except ConfigError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
            if excerpt := problem.excerpt():
                typer.echo("    " + excerpt.replace("\n", "\n    "), err=True)
        raise typer.Exit(error.exit_status) from None
    sources = sum(len(host.sources) for host in config.hosts.values())
    typer.echo(f"{path}: {_count(len(config.hosts), 'host')}, {_count(sources, 'source')}")


@app.command()
def path() -> None:
    """Print where the file is, whether it is there or not."""
    typer.echo(_config_file())


@app.command()
def schema() -> None:
    """Print the JSON schema, for completion in editors."""
    from expsyncd.config.schema import schema_text

    typer.echo(schema_text(), nl=False)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")
