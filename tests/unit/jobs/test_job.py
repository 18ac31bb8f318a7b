import pytest

from expsyncd.jobs.job import (
    UNKNOWN,
    Job,
    ended_by,
    known_id,
    limit_of,
    moment_of,
    number_of,
    past,
    state_of,
    task_of,
    text_of,
)


@pytest.mark.parametrize("name", ["7", "7_3", "7_[4-9%2]", "7_[1,3,5-9]", "7+1", "7_*"])
def test_names_of_jobs(name):
    assert known_id(f" {name} ") == name


@pytest.mark.parametrize("name", ["", "x", "7_", "7;rm", "7_[4-9", "../7", "7.batch", "\uff17"])
def test_what_is_no_name_of_a_job(name):
    assert known_id(name) == ""


def test_a_task_of_an_array():
    assert task_of("7_3") == ("7", "3")
    assert task_of("7_[3-5]") == ("7", None)
    assert task_of("7") == ("7", None)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("RUNNING", ("RUNNING", "")),
        ("CANCELLED by 1000", ("CANCELLED", "1000")),
        ("CANCELLED+", ("CANCELLED", "")),
        ("OUT_OF_MEMORY ", ("OUT_OF_MEMORY", "")),
        ("\x1b[31m", (UNKNOWN, "")),
        ("CANCELLED by root", ("CANCELLED", "")),
    ],
)
def test_states(text, state):
    assert state_of(text) == state


def test_moments_are_utc():
    assert moment_of("1970-01-02T00:00:01") == 86401.0
    assert [moment_of(text) for text in ("N/A", "NONE", "Unknown", "", "2026-13-40T00:00:00")] == [None] * 5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5:00", 300.0),
        ("1:00:00", 3600.0),
        ("2-00:00:00", 172800.0),
        ("1-02:03:04", 93784.0),
        ("UNLIMITED", None),
        ("NOT_SET", None),
        ("", None),
    ],
)
def test_limits(text, seconds):
    assert limit_of(text) == seconds


def test_wait_statuses():
    assert ended_by(768) == (3, None)
    assert ended_by(9) == (0, 9)
    assert ended_by(0) == (0, None)
    assert ended_by(None) == (None, None)
    assert ended_by(1 << 40) == (None, None)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        ("5", 5),
        ({"set": True, "infinite": False, "number": 5}, 5),
        ({"set": True, "infinite": True, "number": 0}, None),
        ({"set": False, "infinite": False, "number": 0}, None),
        ("many", None),
        (True, None),
        (-1, None),
        (1 << 62, None),
        (None, None),
        ([], None),
        ("9" * 5000, 999999999999999999),
    ],
)
def test_numbers_of_every_age_of_the_json(value, number):
    assert number_of(value) == number


def test_moments_of_the_json():
    assert past({"set": True, "infinite": False, "number": 1795703434}) == 1795703434.0
    assert past(0) is None
    assert past(1 << 50) is None


def test_texts_are_cut_and_nothing_is_empty():
    assert [text_of(value) for value in ("(null)", "N/A", "None", None, 7, " a ")] == [
        "",
        "",
        "",
        "",
        "",
        "a",
    ]
    assert len(text_of("x" * 100_000)) == 2000


def test_what_waits_and_what_has_ended():
    assert Job("1", state="PENDING").waits
    assert not Job("1", state="RUNNING").ended
    assert Job("1", state="NODE_FAIL").ended
    assert Job("1").ended
