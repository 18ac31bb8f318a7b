"""Settings files of frameworks."""

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from expsyncd.runs.settings import SIZE_MOST, NoSettingsError, read_settings


def settings(name, text, **words):
    return read_settings(io.BytesIO(text.encode()), name, **words)


def test_json_numbers_stay_as_written():
    found = settings("args.json", '{"lr": 1e-3, "x": null}')
    assert found == ({"lr": "1e-3", "x": "null"}, "")


def test_yaml_and_its_tags():
    found, note = settings("hparams.yaml", "lr: 0.1\nx: !!python/tuple [1]\n")
    assert (found, note) == ({"lr": "0.1"}, "without what is tagged !!python/tuple")


def test_hydra_overrides():
    assert settings("overrides.yaml", "- opt.lr=0.1\n- seed=3\n")[0] == {
        "hydra.overrides": "[opt.lr=0.1, seed=3]"
    }


def test_options_as_programs_print_them():
    text = (
        "----------------- Options ---------------\n"
        "               batch_size: 1                             \n"
        "                    beta1: 0.3                           \t[default: 0.5]\n"
        "                 dataroot: ./datasets/maps               \t[default: None]\n"
        "----------------- End -------------------\n"
    )
    assert settings("train_opt.txt", text)[0] == {
        "batch_size": "1",
        "beta1": "0.3",
        "dataroot": "./datasets/maps",
    }
    assert settings("opt.txt", "lr = 0.1\nseed = 3\n")[0] == {"lr": "0.1", "seed": "3"}


def test_wandb():
    text = "wandb_version: 1\n_wandb: {value: {cli: 1}}\nlr: {desc: null, value: 0.1}\nplain: 3\n"
    assert settings("config.yaml", text, wandb=True)[0] == {"lr": "0.1", "plain": "3"}


def test_secrets_never_leave():
    found = settings(
        "config.json", '{"wandb": {"api_key": "8f3c0a6b1d9e4f2735c8ab1290de47f6aa310b5e"}, "lr": 0.1}'
    )[0]
    assert "8f3c0a6b" not in str(found)
    assert found["lr"] == "0.1"


def test_harmful_characters_are_shown():
    assert settings("args.json", '{"a\\u001b[31m": "\\ud800\\u202e"}')[0] == {
        "a\\x1b[31m": "\\xed\\xa0\\x80\\u202e"
    }


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("args.json", "{", "no JSON"),
        ("args.json", "[" * 200_000, "nested too deeply"),
        ("args.json", "[1, 2]", "names no settings"),
        ("config.yaml", "a: [", "line"),
        ("config.yaml", "just text", "names no settings"),
        ("opt.txt", "Dear reader,\nthis is: prose.\nNothing else.\n", "no settings"),
        ("args.json", " " * (SIZE_MOST + 1), "larger than"),
    ],
)
def test_what_gives_none_says_why(name, text, why):
    with pytest.raises(NoSettingsError, match=why):
        settings(name, text)


def test_an_empty_file_is_no_trouble():
    assert settings("config.yaml", "") == ({}, "")


@hypothesis_settings(deadline=None)
@given(st.sampled_from(["a.json", "a.yaml", "opt.txt", "overrides.yaml"]), st.binary(max_size=200))
def test_any_bytes_at_all(name, data):
    with suppress(NoSettingsError):
        found, _ = read_settings(io.BytesIO(data), name)
        for key, text in found.items():
            (key + text).encode()


def test_a_secret_is_found_in_a_list_however_long_and_where_a_text_is_cut():
    words = ["train.py", "--api-key", "opensesame", *(f"--x{number}" for number in range(20))]
    token = "hf_QzXkPvBnWmRtYuIoLkJhGfDsAzXcVbNm12"
    long = "x" * 960 + f" {token} " + "y" * 900
    found = settings("args.json", json.dumps({"short": words[:9], "argv": words, "long": long}))[0]
    assert "opensesame" not in str(found)
    assert found["argv.1"] == "--api-key"
    assert token[:8] not in found["long"]
    assert len(found["long"]) <= 1000
