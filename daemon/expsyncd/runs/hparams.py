"""What the hparams plugin wrote: settings, when the run began, how it ended. For the child.

As tensorboard/plugins/hparams/plugin_data.proto, where one attempt with settings is called a session.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError
from tensorboard.plugins.hparams.api_pb2 import Status
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from expsyncd.runs.flatten import TEXT_READ

PLUGIN = "hparams"
SETTINGS_MOST = 500
NAME_LONGEST = 1000
ENDED = {Status.STATUS_SUCCESS: "success", Status.STATUS_FAILURE: "failure"}


def take(value: Any, wall: float, found: dict[str, Any]) -> None:
    """Add what a Summary.Value of the plugin says to `found`: settings, began_at, ended, ended_at.

    `wall`: when it was written; PyTorch writes settings and end at once, and then goes on.
    """
    plugin = value.metadata.plugin_data
    if plugin.plugin_name != PLUGIN:
        return
    try:
        said = HParamsPluginData.FromString(plugin.content)
    except DecodeError:
        return
    match said.WhichOneof("data"):
        case "session_start_info":
            settings = found.setdefault("settings", {})
            for name, setting in sorted(said.session_start_info.hparams.items()):
                if len(settings) < SETTINGS_MOST:
                    settings[name[:NAME_LONGEST]] = _text(setting)
            found["began_at"] = said.session_start_info.start_time_secs or None
            found.pop("ended", None)  # it began again
        case "session_end_info":
            found["ended"] = ENDED.get(said.session_end_info.status)
            found["ended_at"] = said.session_end_info.end_time_secs or wall
        case _:
            pass


def _text(setting: Any) -> str:
    match setting.WhichOneof("kind"):
        case "number_value":
            number = setting.number_value
            return str(int(number)) if number == int_or_none(number) else repr(number)
        case "bool_value":
            return "true" if setting.bool_value else "false"
        case "string_value":
            return str(setting.string_value)[:TEXT_READ]
        case _:
            return "null"


def int_or_none(number: float) -> int | None:
    """As a whole number, when it is one that prints as written."""
    return int(number) if abs(number) < 1e15 and number == int(number) else None
