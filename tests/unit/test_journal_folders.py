from __future__ import annotations

from expsyncd.config.model import Config, HostConfig
from expsyncd.journal_folders import journal_folders


def test_folders_of_scripts_and_matches_of_globs(tmp_path):
    (tmp_path / "b" / "journal-x").mkdir(parents=True)
    (tmp_path / "b" / "other").mkdir()
    config = Config(
        root=str(tmp_path),
        hosts={
            "a": HostConfig(name="a", ssh="a", journal=("~/gan/run.sh", "~/gan/more.sh")),
            "b": HostConfig(name="b", ssh="b", journal=("/scratch/*/run.sh",)),
            "c": HostConfig(name="c", ssh="c"),
        },
    )
    assert journal_folders(config, tmp_path) == {("a", "journal"): "~/gan", ("b", "journal-x"): ""}
