"""Finding and running one command: its module is imported when it is called, and no other."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expsyncd import __version__
from expsyncd.errors import EXIT_USAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

INTERRUPTED = 130

USAGE = """\
Usage: expsyncd [--config FILE] [--debug] COMMAND ...

Every result of every GPU host on your laptop by itself.

{commands}

  expsyncd COMMAND --help   says more
  --config FILE             another hosts.yaml (also $EXPSYNCD_CONFIG)
  --debug                   tracebacks instead of advice
"""


def usage(table: Mapping[str, tuple[str, str, str]], groups: Mapping[str, str]) -> str:
    """The help of the program as a whole; `groups`: the heading above each group's first command."""
    lines: list[str] = []
    for name, (_, _, text) in table.items():
        if name in groups:
            lines += [*([""] if lines else []), f"{groups[name]}:"]
        lines.append(f"  {name:<10} {text}")
    return USAGE.format(commands="\n".join(lines))


def split(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Global options before the command, and the rest. Raises ValueError for one without its value."""
    options: dict[str, str] = {}
    rest = list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name == "--config" and not equals:
            if not rest:
                raise ValueError("--config needs a file")
            value = rest.pop(0)
        if name not in ("--config", "--debug", "--help", "-h", "--version"):
            raise ValueError(f"no such option: {name}")
        options[name] = value
    return options, rest


def run_command(
    table: Mapping[str, tuple[str, str, str]], words: list[str], groups: Mapping[str, str] | None = None
) -> int:
    """Run the command that `words` name; its exit status. Usage errors are 2."""
    try:
        options, rest = split(words)
    except ValueError as error:
        return _misused(str(error))
    if "--version" in options:
        print(f"expsyncd {__version__}")
        return 0
    if not rest or "--help" in options or "-h" in options:
        print(usage(table, groups or {}), end="")
        return 0
    if "--config" in options:
        os.environ["EXPSYNCD_CONFIG"] = str(Path(options["--config"]).expanduser().absolute())
    name, *arguments = rest
    if name not in table:
        close = difflib.get_close_matches(name, table, 1)
        return _misused(f"no command {name!r}" + (f", did you mean {close[0]!r}?" if close else ""))
    return _call(table[name], name, [word for word in arguments if word != "--debug"])


def _misused(words: str) -> int:
    print(f"expsyncd: {words}\n  `expsyncd --help` lists the commands", file=sys.stderr)
    return EXIT_USAGE


def _call(entry: tuple[str, str, str], name: str, arguments: list[str]) -> int:
    module_name, attribute, _ = entry
    module = importlib.import_module(f"expsyncd.cli.{module_name}")
    found = getattr(module, attribute)
    if getattr(module, "PLAIN", False):  # a command that has to start fast parses its own words
        return int(found(arguments))
    import typer

    if isinstance(found, typer.Typer):
        app = found
        names = {one.name for one in app.registered_commands}
        if (default := getattr(module, "DEFAULT", None)) and arguments[:1] != ["--help"]:
            arguments = arguments if arguments and arguments[0] in names else [default, *arguments]
    else:
        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        app.command()(found)
    command: Any = typer.main.get_command(app)
    try:
        result = command.main(args=arguments, prog_name=f"expsyncd {name}", standalone_mode=False)
    except typer.Exit as error:
        return int(error.exit_code)
    except typer.Abort:
        return INTERRUPTED
    except Exception as error:
        # The framework's usage errors (its classes moved between releases) know how to show themselves.
        if not hasattr(error, "show") or not hasattr(error, "exit_code"):
            raise
        error.show()
        return int(error.exit_code)
    return result if isinstance(result, int) else 0
