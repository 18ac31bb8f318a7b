"""Programs that tests need and distributions keep in different places."""

from __future__ import annotations

import shutil
from pathlib import Path

# A forced command, which gives the login its own home or shell, cannot be sshd's inner sftp.
SFTP_PROGRAM = next(
    (
        folder + "/sftp-server"
        for folder in ("/usr/lib/openssh", "/usr/libexec/openssh", "/usr/lib/ssh", "/usr/libexec")
        if Path(folder, "sftp-server").exists()
    ),
    "sftp-server",
)
RRSYNC = shutil.which("rrsync") or "/usr/share/doc/rsync/scripts/rrsync"
