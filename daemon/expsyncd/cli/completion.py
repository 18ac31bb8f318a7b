"""`expsyncd completion bash|zsh|fish`: a script for the shell, and what it asks for while a person types."""

from __future__ import annotations

import contextlib
import io
import os
import re
from typing import TYPE_CHECKING

from expsyncd.errors import EXIT_USAGE, Error
from expsyncd.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PLAIN = True  # parses its words itself: see `group`
SCRIPTS = {
    "bash": """\
_expsyncd() {
    local IFS=$'\\n'
    COMPREPLY=($(expsyncd completion --for "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _expsyncd expsyncd""",
    "zsh": """\
#compdef expsyncd
_expsyncd() {
    local -a found
    found=("${(@f)$(expsyncd completion --for "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[1]}" ]]; then compadd -Q -- "${found[@]}"; else _files; fi
}
compdef _expsyncd expsyncd""",
    "fish": """\
function __expsyncd
    expsyncd completion --for (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null
end
complete -c expsyncd -f -a '(__expsyncd)'""",
}
PLACES = {
    "bash": 'eval "$(expsyncd completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(expsyncd completion zsh)" in ~/.zshrc, after compinit',
    "fish": "expsyncd completion fish > ~/.config/fish/completions/expsyncd.fish",
}
USAGE = """\
usage: expsyncd completion bash|zsh|fish

Prints a script that completes commands, options, hosts and runs:
"""
OF_RUNS = {"show", "diff", "runs", "export", "note", "tag", "hide", "unhide", "pin", "unpin", "tail"}
OF_HOSTS = {"pull", "login", "pause", "resume", "status", "doctor", "gpus", "jobs"}
MOST = 500  # a shell asks before it lists so many


def completion(words: list[str]) -> int:
    """The command. Raises Error for a shell that is not known."""
    if words[:1] == ["--for"]:
        for found in candidates(words[1:]):
            print(found)
        return 0
    if not words or words[0] in ("-h", "--help"):
        print(USAGE + "".join(f"\n  {name:<5} {place}" for name, place in PLACES.items()))
        return 0
    if words[0] not in SCRIPTS or len(words) > 1:
        error = Error(f"no script for {' '.join(words)}", f"there is one for {', '.join(SCRIPTS)}")
        error.exit_status = EXIT_USAGE
        raise error
    print(SCRIPTS[words[0]])
    return 0


def candidates(words: Sequence[str]) -> list[str]:
    """What the last word may become; nothing, and no failure, where that is not known."""
    from expsyncd.cli.main import COMMANDS

    *before, typed = words or [""]
    if not before:
        return [name for name in COMMANDS if name.startswith(typed)]
    if typed.startswith("-"):
        found: Iterable[str] = _options(before[0])
    elif before[0] in OF_RUNS:
        found = _runs()
    elif before[0] in OF_HOSTS:
        found = _hosts()
    else:
        found = ()
    return [name for name in found if name.startswith(typed)][:MOST]


def _options(command: str) -> list[str]:
    from expsyncd.cli.group import run_command
    from expsyncd.cli.main import COMMANDS

    if command not in COMMANDS:
        return []
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        run_command(COMMANDS, [command, "--help"])
    return sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", said.getvalue())))


def _runs() -> list[str]:
    from expsyncd.state.catalogue import reading
    from expsyncd.state.measured import measured_of

    with contextlib.suppress(Error), reading(Paths.of(os.environ).catalogue_db) as db:
        return [row.name for row in measured_of(db) if row.name.isprintable()]
    return []


def _hosts() -> list[str]:
    from expsyncd.config.load import load

    with contextlib.suppress(Error):
        return list(load(Paths.of(os.environ).config_file).hosts)
    return []
