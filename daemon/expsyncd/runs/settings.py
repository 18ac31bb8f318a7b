"""Settings files that frameworks leave beside event files: dotted names, redacted texts. For the child."""

from __future__ import annotations

import json
import re
from typing import Any, BinaryIO

from expsyncd.mirror.layout import shown
from expsyncd.redact import redact_setting
from expsyncd.runs.flatten import TEXT_LONGEST, cut, flattened
from expsyncd.runs.yaml_text import NoYamlError, parsed

SIZE_MOST = 1 << 20  # bytes; YAML is read in pure Python
_OPTION = re.compile(r"\s*([A-Za-z_][\w.\-/]*)\s*[:=]\s*(.*?)\s*(?:\[default:.*\])?\s*")
_RULE = re.compile(r"\s*[-=#*].*")  # `----- Options -----`


class NoSettingsError(Exception):
    """Why a file gives no settings, for people."""


def read_settings(file: BinaryIO, name: str, *, wandb: bool = False) -> tuple[dict[str, str], str]:
    """The settings of a file called `name`, and what was left out of it. Raises NoSettingsError."""
    data = file.read(SIZE_MOST + 1)
    if len(data) > SIZE_MOST:
        raise NoSettingsError(f"larger than {SIZE_MOST >> 20} MB")
    text = data.decode("utf-8-sig", "replace")
    notes: list[str] = []
    value: Any
    if name.endswith(".json"):
        value = _json(text)
    elif name.endswith((".yaml", ".yml")):
        try:
            found = parsed(text)
        except NoYamlError as error:
            raise NoSettingsError(str(error)) from None
        value = found.value
        if found.tags:
            notes.append(f"without what is tagged {', '.join(sorted(found.tags)[:3])}")
    else:
        value = _options(text)
    if name == "overrides.yaml" and isinstance(value, list):
        value = {"hydra.overrides": value}
    if value is None:
        return {}, ""
    if not isinstance(value, dict):
        raise NoSettingsError("it names no settings")
    settings, left_out = flattened(_of_wandb(value) if wandb else value)
    if left_out:
        notes.append(f"{left_out}: the rest is left out")
    told, before = {}, ("", "")
    for key, text in settings.items():
        # Of a long list each word is a setting: the one before may be the flag that makes this one a secret.
        parent, _, number = key.rpartition(".")
        flag = before[1] if number.isdecimal() and before[0] == parent and before[1].startswith("-") else ""
        told[shown(key.encode("utf-8", "surrogatepass"))] = redacted(flag or key, text)
        before = parent, text
    return told, "; ".join(notes)


def _json(text: str) -> Any:
    try:
        # Numbers stay as they are written.
        return json.loads(text, parse_float=str, parse_int=str)
    except RecursionError:
        raise NoSettingsError("it is nested too deeply") from None
    except ValueError as error:
        raise NoSettingsError(f"it is no JSON: {error}") from None


def _options(text: str) -> dict[str, str]:
    """Read `name: value [default: other]` on each line, as option parsers print themselves."""
    lines = [line for line in text.splitlines() if line.strip() and not _RULE.fullmatch(line)]
    found = [match for line in lines if len(line) < 2000 and (match := _OPTION.fullmatch(line))]
    if len(found) < 2 or len(found) < 0.8 * len(lines):
        raise NoSettingsError("its lines are no settings")
    return {match[1]: match[2] for match in found}


def _of_wandb(value: dict[str, Any]) -> dict[str, Any]:
    """What wandb writes as `lr: {desc: null, value: 0.1}` without what it found out itself."""
    return {
        name: inner["value"] if isinstance(inner, dict) and "value" in inner else inner
        for name, inner in value.items()
        if name not in {"_wandb", "wandb_version"}
    }


def redacted(name: str, text: str) -> str:
    """The value of a setting as it may be kept and shown."""
    return cut(redact_setting(name, shown(text.encode("utf-8", "surrogatepass"))), TEXT_LONGEST)
