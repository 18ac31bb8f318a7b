import os

from expsyncd.runs.known import Known


def put(mirror, path, content=b"x"):
    place = mirror / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def insides(runs):
    return sorted(run.inside for run in runs)


def test_a_walk_tells_what_is_new_what_changed_and_what_went(tmp_path):
    for name in ("a", "b", "c"):
        put(tmp_path, f"gpu/tb/{name}/events.tfevents.1")
    known = Known(tmp_path)
    first = known.look_at_all()
    assert insides(first.seen) == [b"a", b"b", b"c"]
    assert known.look_at_all().seen == []
    put(tmp_path, "gpu/tb/b/events.tfevents.1", b"more")
    (tmp_path / "gpu/tb/c/events.tfevents.1").unlink()
    change = known.look_at_all()
    assert insides(change.seen) == [b"b"]
    assert change.went == [("gpu", "tb", b"c")]
    assert known.is_used(("gpu", "tb", b"b/events.tfevents.1"))
    assert not known.is_used(("gpu", "tb", b"c/events.tfevents.1"))


def test_settings_of_another_run_s_folder_are_used_by_both(tmp_path):
    put(tmp_path, "gpu/tb/a/events.tfevents.1")
    put(tmp_path, "gpu/tb/a/1700000000.5/events.tfevents.2")
    known = Known(tmp_path)
    known.look_at_all()
    inner = known.runs["gpu", "tb", b"a/1700000000.5"]
    assert known.borrowers(inner) == {("gpu", "tb", b"a")}
    (tmp_path / "gpu/tb/a/events.tfevents.1").unlink()
    known.look_at_all()
    assert known.borrowers(inner) == set()
    assert known.is_used(("gpu", "tb", b"a/1700000000.5/events.tfevents.2"))


def test_folders_that_no_host_and_no_source_can_be_called_are_passed_over(tmp_path):
    known = Known(tmp_path)
    places = [os.fsencode(tmp_path) + place for place in (b"/gpu/t\xff/a", b"/h\xff/exp/a")]
    for place in places:
        put(tmp_path, os.fsdecode(place + b"/events.out.tfevents.1"))
    assert not known.look_at_all().seen
    for place in places:
        paths = (place, place + b"/events.out.tfevents.1", place.rpartition(b"/")[0])
        assert not known.look(paths).seen
