"""`expsyncd`: the entry point. `status` takes a fast path; every other command is imported when called."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

from expsyncd.errors import Error

if TYPE_CHECKING:
    from collections.abc import Sequence

# name: (module, attribute, help). Modules lie in expsyncd.cli; `app` is a group of commands.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "status": ("watch", "status", "One screen: hosts, pulls, TensorBoard, and what needs you."),
    "open": ("open", "open_page", "Open TensorBoard in the browser."),
    "pull": ("pull", "pull", "Pull now: the plan, then progress."),
    "login": ("login", "login", "Log in to a host that asks for a code or a password."),
    "pause": ("wishes", "pause", "Stop pulling from one host or all."),
    "resume": ("wishes", "resume", "Pull again, and try at once what had failed."),
    "doctor": ("doctor", "doctor", "Look for what silently kills setups; each finding with its fix."),
    "logs": ("logs", "show_logs", "What the daemon logged."),
    "versions": ("versions", "app", "Old bytes of what was replaced: list and restore."),
    "runs": ("runs", "runs", "Runs with state, metrics and the settings that differ."),
    "show": ("show", "show", "All of one run: settings, metrics, plots, command, files."),
    "diff": ("diff", "diff", "Settings and metrics that differ between runs."),
    "export": ("export", "export", "One tidy table of all runs: CSV or Markdown."),
    "note": ("note", "note", "Write a note on a run."),
    "tag": ("note", "tag", "Tag runs with words of yours."),
    "samples": ("samples", "app", "Series of sample images: list, export, compare."),
    "jobs": ("jobs", "jobs", "Slurm's jobs: what waits and why, what runs, what ended."),
    "gpus": ("gpus", "gpus", "The GPUs of all hosts: use, memory, whose programs."),
    "tail": ("tail", "tail", "The end of a run's or a job's log, and what is added to it."),
    "journal": ("journal", "journal", "What was launched, with which notes, and what came of it."),
    "hide": ("hide", "hide", "Take runs out of TensorBoard."),
    "unhide": ("hide", "unhide", "Show runs in TensorBoard again."),
    "pin": ("hide", "pin", "Show runs in TensorBoard always."),
    "unpin": ("hide", "unpin", "Undo pin."),
    "init": ("init", "init", "Put a sample hosts.yaml in its place."),
    "config": ("config", "app", "Check hosts.yaml, say where it is, print its schema."),
    "adopt": ("adopt", "adopt", "Take an existing folder over as the root."),
    "service": ("service", "app", "Install or remove the systemd user unit."),
    "run": ("run", "run", "The daemon, in the foreground."),
    "stop": ("wishes", "stop", "End the running daemon."),
    "reload": ("wishes", "reload", "Read hosts.yaml again."),
    "demo": ("demo", "demo", "The whole pipeline with a built-in host and a training run."),
    "completion": ("completion", "completion", "Completion for bash, zsh or fish."),
    "version": ("version", "version", "Which version this is."),
}
# The first command of each group in the help.
GROUPS = {
    "status": "Every day",
    "runs": "Runs",
    "hide": "What TensorBoard shows",
    "init": "Setting up",
}
INTERRUPTED = 130
REPORT = "`--debug` before the command shows where; please report it"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not end the command.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output had enough; Python must not complain when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except Exception as error:
        if "--debug" in words:
            raise
        known = _known(error) or Error(f"unexpected {type(error).__name__}: {error}", REPORT)
        print_error(known)
        status = known.exit_status
    sys.exit(status)


def _known(error: BaseException) -> Error | None:
    """The failure meant for people, also of a task group, whose tasks mostly tell of the same one."""
    if isinstance(error, BaseExceptionGroup):
        return next((found for one in error.exceptions if (found := _known(one))), None)
    return error if isinstance(error, Error) else None


def print_error(error: Error) -> None:
    """Title and advice on stderr."""
    print(f"expsyncd: {error.title}", file=sys.stderr)
    if error.advice:
        print(f"  {error.advice}", file=sys.stderr)


def _run(words: list[str]) -> int:
    if words[:1] == ["status"] and (quick := _quick_status(words[1:])) is not None:
        return quick
    from expsyncd.cli.group import run_command

    return run_command(COMMANDS, words, GROUPS)


def _quick_status(words: list[str]) -> int | None:
    """`status [HOST] [--json]` without the command framework; None when it is asked for more."""
    options = [word for word in words if word.startswith("-")]
    names = [word for word in words if not word.startswith("-")]
    if set(options) - {"--json"} or len(names) > 1:
        return None
    from expsyncd.cli.status import show

    return show(names[0] if names else None, as_json="--json" in options)


if __name__ == "__main__":
    main()
