from dataclasses import replace

from expsyncd.doctor.finding import all_well, as_json, note, ok, problem, unknown, warning


def test_only_a_problem_needs_the_person():
    well = [ok("a", "1"), note("a", "2"), warning("a", "3", "do"), unknown("a", "4")]
    assert all_well(well)
    assert not all_well([*well, problem("a", "5", "do")])
    assert all_well([])


def test_json():
    shown = as_json([ok("rsync", "3.5"), replace(problem("sources", "gone", "make it"), place="gpu1")])
    assert shown == {
        "schema": 1,
        "ok": False,
        "findings": [
            {"place": None, "area": "rsync", "status": "ok", "title": "3.5", "fix": ""},
            {"place": "gpu1", "area": "sources", "status": "problem", "title": "gone", "fix": "make it"},
        ],
    }
