"""`expsyncd service install | uninstall`: the systemd user unit."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from expsyncd.errors import Error
from expsyncd.paths import Paths, shipped

UNIT = "expsyncd.service"
# A unit edited by hand no longer fits the sum in its first line and is not overwritten.
MARK = "# written by `expsyncd service install`, sum "
SYSTEMCTL_WITHIN_S = 30

app = typer.Typer(
    help="Install or remove the systemd user unit.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def unit_file(environment: dict[str, str]) -> Path:
    """Where user units of this person lie."""
    home = Path(environment.get("HOME") or Path.home())
    config = environment.get("XDG_CONFIG_HOME", "")
    base = Path(config) if config.startswith("/") else home / ".config"
    return base / "systemd" / "user" / UNIT


def program() -> Path:
    """The installed command, absolute: a user manager has another PATH."""
    beside = Path(sys.executable).with_name("expsyncd")
    found = beside if beside.exists() else shutil.which("expsyncd")
    if found is None:
        raise Error("the expsyncd command is not installed", "run `make install` first")
    return Path(found).absolute()


def unit_text(command: Path, config_file: str = "") -> str:
    """The unit with the real program (and hosts.yaml, if named), below a line with its own sum."""
    started = _quoted(str(command))
    if config_file:
        # In arguments, unlike in the program, a $ begins a variable.
        started += f" --config {_quoted(config_file).replace('$', '$$')}"
    body = shipped(UNIT).read_text().replace("%h/.local/bin/expsyncd", started)
    return f"{MARK}{_sum(body)}\n{body}"


def edited(text: str) -> bool:
    """Whether a unit is not as `service install` wrote it."""
    first, _, body = text.partition("\n")
    return first != f"{MARK}{_sum(body)}"


def _quoted(word: str) -> str:
    # systemd.syntax(7): quotes keep spaces together, % and \ are its own.
    escaped = word.replace("\\", "\\\\").replace("%", "%%").replace('"', '\\"')
    return f'"{escaped}"'


def _sum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


@app.command()
def install(
    force: Annotated[bool, typer.Option("--force", help="Also over a unit edited by hand.")] = False,
) -> None:
    """Write the user unit for this program; does not start it."""
    file = unit_file(dict(os.environ))
    named = os.environ.get("EXPSYNCD_CONFIG", "")
    text = unit_text(program(), str(Path(named).expanduser().absolute()) if named else "")
    if file.exists() and edited(file.read_text(errors="replace")) and not force:
        raise Error(f"{file} was edited by hand", "keep it, or add --force to write it anew")
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{UNIT}.partial")
    partial.write_text(text)
    partial.replace(file)
    print(f"wrote {file}")
    if _systemctl("daemon-reload"):
        print("start it now and at every login:\n  systemctl --user enable --now expsyncd")
    else:
        print("no systemd user manager answers here; where one runs:")
        print("  systemctl --user daemon-reload && systemctl --user enable --now expsyncd")
    print("keep it running while you are logged out:\n  loginctl enable-linger")
    if os.environ.get("SSH_AUTH_SOCK"):
        print("let it use your ssh agent:\n  systemctl --user import-environment SSH_AUTH_SOCK")


@app.command()
def uninstall() -> None:
    """Stop and remove the user unit; leaves data and config."""
    paths, file = Paths.of(os.environ), unit_file(dict(os.environ))
    _systemctl("disable", "--now", UNIT)
    if file.exists():
        file.unlink()
        print(f"removed {file}")
    else:
        print("no unit was installed")
    _systemctl("daemon-reload")
    print(f"left as they are: {paths.config_file}, {paths.state_dir} and the `root:` of your results")


def _systemctl(*words: str) -> bool:
    if shutil.which("systemctl") is None:
        return False
    try:
        done = subprocess.run(
            ["systemctl", "--user", *words],
            check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=SYSTEMCTL_WITHIN_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
