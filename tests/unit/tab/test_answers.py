import json

from expsyncd.tab.answers import OTHER_POLICY, PAGE_POLICY, answer, json_answer, refused


def test_every_answer_says_its_type_and_runs_nothing():
    said = answer(b"x", "image/png")
    assert said.headers["X-Content-Type-Options"] == "nosniff"
    assert said.headers["Content-Security-Policy"] == OTHER_POLICY
    assert said.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert said.headers["Cache-Control"] == "no-store"


def test_the_page_runs_its_own_modules_only():
    assert "script-src 'self';" in PAGE_POLICY
    for word in ("unsafe", "data:", "http", "*"):
        assert word not in PAGE_POLICY
        assert word not in OTHER_POLICY


def test_figures_that_json_cannot_say_are_words():
    body = json_answer({"a": [float("nan"), {"b": float("-inf")}, 1.5, (float("inf"),)]}).get_data(
        as_text=True
    )
    assert json.loads(body) == {"a": ["NaN", {"b": "-Infinity"}, 1.5, ["Infinity"]]}


def test_names_that_are_no_text_are_escapes_in_json():
    assert json_answer({"name": "x\udcff"}).get_data() == b'{"name":"x\\udcff"}'


def test_a_refusal_has_title_and_advice():
    said = refused(403, "no", "ask")
    assert (said.status_code, said.get_json()) == (403, {"error": {"title": "no", "advice": "ask"}})
