"""Commands called in this process, at a person's place under a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expsyncd.cli.main import main
from expsyncd.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path


class Here:
    """One person's places; `run` calls a command there."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        environment = {
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "EXPSYNCD_CONFIG": str(folder / "hosts.yaml"),
            "COLUMNS": "80",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        self.folder = folder
        self.paths = Paths.of(environment)
        self._capsys = capsys

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit status, stdout, stderr."""
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(words)
        said = self._capsys.readouterr()
        status = ended.value.code
        return status if isinstance(status, int) else 0, said.out, said.err

    def said(self, *words: str) -> str:
        """Stdout of a command that succeeds."""
        status, out, err = self.run(*words)
        assert (status, err) == (0, "")
        return out
