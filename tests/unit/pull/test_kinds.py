import pytest

from expsyncd.pull.kinds import is_append_only, is_event_file, matches


@pytest.mark.parametrize("path", [b"r/events.out.tfevents.1.h", b"run1.tfevents.77", b"tfevents"])
def test_event_files(path):
    assert is_event_file(path)
    assert is_append_only(path)


@pytest.mark.parametrize("path", [b"a/b.CSV", b"train.log", b"slurm-1.out", b"m.jsonl"])
def test_append_only(path):
    assert is_append_only(path)
    assert not is_event_file(path)


def test_folder_names_do_not_count():
    assert not is_event_file(b"tfevents/a.png")
    assert not is_append_only(b"x.log/a.png")


def test_matches_any_case_on_the_last_component():
    assert matches(b"deep/Model.PT", ["*.pt"])
    assert not matches(b"x.pt/readme", ["*.pt"])
