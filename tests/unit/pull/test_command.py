from pathlib import Path

import pytest

from expsyncd.pull import command

REMOTE = command.Remote("ssh -S x", "gpu1", "~/gan/tb_log", slow_link=True, compress=True)
MIRROR = Path("/m/gpu1/tb_log")
FETCH = command.fetch(
    REMOTE,
    MIRROR,
    incoming=Path("/i"),
    backup=Path("/b"),
    bwlimit=2048,
    sparse=True,
    whole_progress=True,
)
ALL = {
    "listing": command.listing(REMOTE, MIRROR, [], []),
    "audit": command.audit(REMOTE, MIRROR),
    "grow": command.grow(REMOTE, MIRROR, bwlimit=None),
    "fetch": FETCH,
}


@pytest.mark.parametrize("name", ALL)
def test_every_argv_is_guarded(name):
    argv = ALL[name]
    assert argv[-3:] == ["--", "gpu1:gan/tb_log/", "/m/gpu1/tb_log/"]
    assert {
        "--no-links",
        "--no-D",
        "--no-owner",
        "--no-group",
        "--chmod=D700,F600",
        "--modify-window=-1",
    } <= set(argv)
    forbidden = {
        "-a",
        "-u",
        "-L",
        "-K",
        "--update",
        "--archive",
        "--copy-links",
        "--keep-dirlinks",
        "--append-verify",
    }
    assert not forbidden & set(argv)


@pytest.mark.parametrize("name", ["audit", "grow", "fetch"])
def test_list_passes_never_recurse(name):
    assert {"--files-from=-", "--from0", "--no-dirs"} <= set(ALL[name])
    assert not {"-r", "--recursive"} & set(ALL[name])


def test_delete_stands_only_where_nothing_is_changed():
    for argv in ALL.values():
        assert not any(word.startswith("--delete") for word in argv) or "-n" in argv
    assert "--delete" in ALL["listing"]


def test_fetch_keeps_old_bytes_and_its_temp_files_apart():
    assert {"--backup", "--backup-dir=/b", "--temp-dir=/i", "--bwlimit=2"} <= set(ALL["fetch"])
    assert "--inplace" not in ALL["fetch"]


def test_grow_only_appends():
    assert {"--append", "--size-only"} <= set(ALL["grow"])
    assert not {"--inplace", "--sparse"} & set(ALL["grow"])


def test_filters():
    assert command.filters(["*.csv"], ["tmp/"]) == [
        "--exclude=projector_config.pbtxt", "--exclude=tmp/", "--include=*/", "--include=*.csv", "--exclude=*",
    ]  # fmt: skip
    assert "--include=*/" not in command.filters(["/run.sh"], [])


@pytest.mark.parametrize(
    ("path", "spec"),
    [("~/a", "h:a/"), ("/scratch/x/", "h:/scratch/x/"), ("a b", "h:a b/"), ("~", "h:"), ("/", "h://")],
)
def test_spec(path, spec):
    assert command.Remote("ssh", "h", path).spec == spec
