"""Files as Sacred 0.8 and wandb write them; a real experiment is in integration/test_sacred."""

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expsyncd.runs.sacred import NotReadError, read_metrics, read_run, read_summary


def file(said):
    return io.BytesIO(json.dumps(said).encode())


def test_states():
    running = {
        "status": "RUNNING",
        "start_time": "2026-01-01T00:00:00.5",
        "heartbeat": "2026-01-01T00:01:00",
        "stop_time": None,
    }
    assert read_run(file(running)) == {"began_at": 1767225600.5, "beat_at": 1767225660.0}
    done = read_run(file({**running, "status": "COMPLETED", "stop_time": "2026-01-01T01:00:00"}))
    assert (done["ended"], done["ended_at"]) == ("finished", 1767229200.0)
    failed = read_run(
        file({**running, "status": "FAILED", "fail_trace": ["Traceback…\n", "ValueError: bad lr\n"]})
    )
    assert (failed["ended"], failed["why"]) == ("failed", "it failed with ValueError: bad lr")
    assert read_run(file({**running, "status": "INTERRUPTED"}))["why"].startswith("it was interrupted")
    assert read_run(file({"status": "QUEUED"}))["queued"]


def test_metrics():
    metric = {
        "steps": [0, 10, 20],
        "timestamps": ["2026-01-01T00:00:00", "2026-01-01T00:00:01.5", "nonsense"],
        "values": [1.5, {"dtype": "float64", "value": 0.5}, "text"],
    }
    found = read_metrics(file({"loss": metric, "odd": {"steps": [1]}, "none": 3}))
    assert set(found.points) == {"loss"}
    loss = found.points["loss"]
    assert (loss.steps, loss.values) == ([0, 10], [1.5, 0.5])
    assert loss.walls == [1767225600.0, 1767225601.5]


def test_a_summary():
    found = read_summary(
        file({"loss": 0.5, "_step": 7, "_timestamp": 1e9, "name": "x", "ok": True, "t": {"a": 1}})
    )
    assert {tag: (p.steps, p.walls, p.values) for tag, p in found.points.items()} == {
        "loss": ([7], [1e9], [0.5])
    }


def test_what_is_none_says_why():
    for read in (read_run, read_metrics, read_summary):
        with pytest.raises(NotReadError, match="no JSON object"):
            read(file([1]))
        with pytest.raises(NotReadError, match="no JSON"):
            read(io.BytesIO(b"{"))
        with pytest.raises(NotReadError, match="deeply"):
            read(io.BytesIO(b"[" * 200_000))


simple = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
anything = st.recursive(
    simple,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["status", "steps", "values", "timestamps", "fail_trace", "heartbeat", "_step", "x"]
            ),
            inner,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["status", "fail_trace", "start_time", "loss", "_step", "_timestamp"]), anything
    )
)
def test_any_json_at_all(said):
    for read in (read_run, read_metrics, read_summary):
        with suppress(NotReadError):
            read(file(said))


def test_a_failure_is_cut_after_its_secrets_are_out():
    trace = [f"ValueError: {'x' * 170} hf_QzXkPvBnWmRtYuIoLkJhGfDsAzXcVbNm12\n"]
    failed = read_run(file({"status": "FAILED", "fail_trace": trace}))
    assert "ValueError" in failed["why"]
    assert "hf_QzXk" not in failed["why"]


def test_a_number_that_no_float_holds_is_left_out():
    huge = 10**400
    said = {"loss": {"steps": [1, 2, huge], "values": [1, huge, 3], "timestamps": [None, None, None]}}
    found = read_metrics(file(said))
    assert (found.points["loss"].steps, found.points["loss"].values) == ([1, 2], [1.0, 3.0])
    summary = {"_step": 4, "_timestamp": huge, "loss": 2, "count": huge}
    found = read_summary(file(summary))
    assert {tag: points.values for tag, points in found.points.items()} == {"loss": [2.0]}
