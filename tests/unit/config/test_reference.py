"""Tables, models, editor schema and docs say the same."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from expsyncd.config import keys
from expsyncd.config.durations import format_duration
from expsyncd.config.intervals import format_interval
from expsyncd.config.model import (
    Config,
    Cron,
    Every,
    ForwardConfig,
    GpusConfig,
    HostConfig,
    RunsConfig,
    SamplesConfig,
    ShowConfig,
    SkipConfig,
    SlurmConfig,
    SourceConfig,
    SourceSamplesConfig,
    TensorBoardConfig,
    VersionsConfig,
)
from expsyncd.config.schema import schema_text
from expsyncd.config.sizes import format_size

TOP = Path(__file__).parents[3]
SECTIONS = [
    (keys.TOP, Config, set()),
    (keys.HOST, HostConfig, {"name"}),
    (keys.SOURCE, SourceConfig, set()),
    (keys.FORWARD, ForwardConfig, set()),
    (keys.SLURM, SlurmConfig, set()),
    (keys.GPUS, GpusConfig, set()),
    (keys.TENSORBOARD, TensorBoardConfig, set()),
    (keys.SHOW, ShowConfig, set()),
    (keys.VERSIONS, VersionsConfig, set()),
    (keys.SKIP, SkipConfig, set()),
    (keys.SAMPLES, SamplesConfig, set()),
    (keys.RUNS, RunsConfig, set()),
    (keys.SOURCE_SAMPLES, SourceSamplesConfig, set()),
]
NAMES = [
    "top",
    "host",
    "source",
    "forward",
    "slurm",
    "gpus",
    "tensorboard",
    "show",
    "versions",
    "skip",
    "samples",
    "runs",
    "source samples",
]
SAID_INSTEAD = {
    "ssh": "the host's name",
    "path": "required",
    "name": "from the path",
    "local": "required",
    "remote": "required",
    "patterns": "checkpoints",
    "slurm": "`false`",
    "gpus": "`false`",
    "user": "the login's",
}


def default_of(name, field, kind, model):
    if name in SAID_INSTEAD:
        return SAID_INSTEAD[name]
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel) and not isinstance(value, Every | Cron):
        return "see below"
    if value is None:
        if model is SourceSamplesConfig:
            return "by the names" if name == "pattern" else "the file's"
        if kind is not keys.INTERVAL:
            return "no limit"
        return "the file's" if model is HostConfig else "its host's"
    if isinstance(value, Every | Cron):
        return f"`{format_interval(value)}`"
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int) and "<size>" in kind.words:
        return f"`{format_size(value)}`"
    return "none" if value in ((), {}) else f"`{value}`"


def rows(table, model):
    for name, key in table.items():
        default = default_of(name, model.model_fields[name], key.kind, model)
        words = key.kind.words.replace("<", "&lt;")
        yield f"| `{name}` | {words} | {default} | {key.help} |"


@pytest.mark.parametrize(("table", "model", "not_written"), SECTIONS, ids=NAMES)
def test_every_field_can_be_written(table, model, not_written):
    assert set(table) == set(model.model_fields) - not_written


@pytest.mark.parametrize(("table", "model", "not_written"), SECTIONS, ids=NAMES)
def test_the_docs_have_every_key_with_default_and_help(table, model, not_written):
    text = (TOP / "docs" / "configuration.md").read_text()
    missing = [row for row in rows(table, model) if row not in text]
    assert missing == []


def test_the_docs_define_every_placeholder_once():
    text = (TOP / "docs" / "configuration.md").read_text()
    for word in ("duration", "size", "cron", "glob", "pattern"):
        assert text.count(f"| `<{word}>` |") == 1


def test_the_shipped_schema_is_generated():
    assert (TOP / "config" / "hosts.schema.json").read_text() == schema_text()


def test_the_schema_has_short_and_long_forms():
    host = json.loads(schema_text())["properties"]["hosts"]["additionalProperties"]["anyOf"][0]
    one, many, blank = host["properties"]["sources"]["anyOf"]
    assert [form["type"] for form in one["anyOf"]] == ["string", "object"]
    assert one["anyOf"][1]["required"] == ["path"]
    assert many["items"] == one
    assert blank == {"type": "null"}
