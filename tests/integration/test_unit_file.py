"""systemd itself reads our unit without a word."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from expsyncd.cli.service import unit_text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_has_no_complaint(tmp_path):
    # It exits 0 even on unknown keys, so what it says counts.
    (tmp_path / "expsyncd.service").write_text(unit_text(Path(sys.executable)))
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(tmp_path / "expsyncd.service")],
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
