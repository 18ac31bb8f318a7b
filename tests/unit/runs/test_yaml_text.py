"""YAML nobody vouches for."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expsyncd.runs.flatten import flattened
from expsyncd.runs.yaml_text import ALIASES_MOST, DEEPEST, PIECES_MOST, NoYamlError, parsed


def test_values_stay_as_written():
    assert parsed("lr: 1e-3\nno: no\nlist: [1, 2.50]\nnone: ~\nquoted: '~'\nnested: {a: b}\n").value == {
        "lr": "1e-3", "no": "no", "list": ["1", "2.50"], "none": None, "quoted": "~", "nested": {"a": "b"},
    }  # fmt: skip


def test_nothing_is_constructed(tmp_path):
    found = parsed(
        f"a: !!python/object/apply:os.system ['touch {tmp_path}/x']\n"
        "b: !!python/tuple [1, 2]\nc: !custom {d: 1}\ne: !!float 1.5\nf: 2\n? !!python/name:os.system\n: 3\n"
    )
    assert found.value == {"e": "1.5", "f": "2"}
    assert found.tags == {
        "!!python/object/apply:os.system", "!!python/tuple", "!custom", "!!python/name:os.system",
    }  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_a_whole_file_as_an_object_has_settings_all_the_same():
    found = parsed("!!python/object:argparse.Namespace\nlr: 0.1\n")
    assert (found.value, found.tags) == ({"lr": "0.1"}, {"!!python/object:argparse.Namespace"})


def test_aliases_and_merges():
    assert parsed("a: &x {lr: 1}\nb: *x\nc: {<<: *x, wd: 2}\n").value == {
        "a": {"lr": "1"}, "b": {"lr": "1"}, "c": {"lr": "1", "wd": "2"},
    }  # fmt: skip


def test_a_small_file_that_unfolds_into_billions_stays_small():
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    begun = time.process_time()
    assert flattened(parsed(text).value)[1]
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * (DEEPEST + 5), "levels"),
        ("- x\n" * (PIECES_MOST + 5), "pieces"),
        ("a: &a 1\nb: [" + "*a, " * (ALIASES_MOST + 1) + "]", "aliases"),
        ("a: [1\nb: 2", "line"),
        ("\ta: 1", "line 1"),
        ('"\\Uffffffff"', "no YAML"),
    ],
)
def test_what_is_refused_says_why(text, why):
    with pytest.raises(NoYamlError, match=why):
        parsed(text)


def test_only_the_first_document():
    assert parsed("a: 1\n---\nb: 2\n").value == {"a": "1"}
    assert parsed("").value is None


@settings(deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="a:-[]{}&*!|>\n '\"#%,?~<", max_size=100))
def test_any_text_at_all(text):
    with suppress(NoYamlError):
        flattened(parsed(text).value)
