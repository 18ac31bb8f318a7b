from __future__ import annotations

from expsyncd.config.model import Config, HostConfig
from expsyncd.journal_folders import journal_folders


def test_folders_of_scripts_and_matches_of_globs(tmp_path):
    for name in ("journal-_-2a5778-x", "journal-gan-f697d9", "other"):
        (tmp_path / "b" / name).mkdir(parents=True)
    config = Config(
        root=str(tmp_path),
        hosts={
            "a": HostConfig(name="a", ssh="a", journal=("~/gan/run.sh", "~/gan/more.sh")),
            "b": HostConfig(name="b", ssh="b", journal=("/scratch/*/run.sh",)),
            "c": HostConfig(name="c", ssh="c"),
        },
    )
    assert journal_folders(config, tmp_path) == {
        ("a", "journal-gan-f697d9"): "~/gan",
        ("b", "journal-_-2a5778-x"): "",
    }
