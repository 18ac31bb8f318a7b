"""From what was read of the files of a run to what is known of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expsyncd.mirror.layout import shown
from expsyncd.runs.rhythm import Gaps, together
from expsyncd.runs.stalls import FAILED, FINISHED, End
from expsyncd.state.measured import SettingRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expsyncd.runs.find import FileSeen, RunSeen
    from expsyncd.state.readings import Address, Reading

TROUBLES_MOST = 5
METRICS = frozenset({"events", "table", "json-lines", "sacred-metrics", "wandb-summary"})
_ENDED = {
    "success": End(FINISHED, "its hparams say success"),
    "failure": End(FAILED, "its hparams say failure"),
}


@dataclass(frozen=True, slots=True)
class Gathered:
    """`measures`: whether any file of it holds metrics, or says by itself that it is a run."""

    measures: bool
    gaps: Gaps
    ends: tuple[End, ...]
    began_at: float | None
    beat_at: float | None
    queued: bool
    trouble: str


def gather(seen: RunSeen, readings: Mapping[Address, Reading]) -> tuple[Gathered, list[SettingRow]]:
    """All files of a run together."""
    held = {file: readings[file.address].held for file in seen.files if file.address in readings}
    hparams = [said["hparams"] for file, said in held.items() if said.get("hparams") and file.kind != "lent"]
    lent = [said["hparams"] for file, said in held.items() if said.get("hparams") and file.kind == "lent"]
    held = {file: said for file, said in held.items() if file.kind != "lent"}
    began = [at for said in held.values() for at in (said.get("began_at"), said.get("began")) if at]
    began += [said["began_at"] for said in hparams if said.get("began_at")]
    return Gathered(
        measures=seen.kind != "table"
        or any("columns" in said for file, said in held.items() if file.kind in {"table", "json-lines"}),
        gaps=together(
            {int(power): (count, seconds) for power, (count, seconds) in said.get("gaps", {}).items()}
            for said in held.values()
        ),
        ends=_ends(held, hparams),
        began_at=min(began, default=None),
        beat_at=max((said["beat_at"] for said in held.values() if said.get("beat_at")), default=None),
        queued=any(said.get("queued") for said in held.values()),
        trouble=_trouble(seen, readings),
    ), _settings(seen, held, [*hparams, *lent])


def _ends(held: Mapping[FileSeen, Mapping[str, Any]], hparams: list[dict[str, Any]]) -> tuple[End, ...]:
    found: list[End] = []
    found += [
        End(said["ended"], _harmless(said.get("why", "")), said.get("ended_at"))
        for file, said in held.items()
        if file.kind == "sacred-run" and said.get("ended")
    ]
    for said in hparams[-1:]:  # the newest file's
        if (end := _ENDED.get(said.get("ended", ""))) is not None:
            found.append(End(end.state, end.why, said.get("ended_at")))
    found += [
        End(said["ended"], f"its log ends with: {said['why']}", file.mtime_ns / 1e9)
        for file, said in held.items()
        if file.kind == "log" and said.get("ended")
    ]
    return tuple(found)


def _settings(
    seen: RunSeen, held: Mapping[FileSeen, Mapping[str, Any]], hparams: list[dict[str, Any]]
) -> list[SettingRow]:
    rows: dict[str, SettingRow] = {}
    for file, said in held.items():
        for name, value in (said.get("settings") or {}).items():
            told_by = shown(b"/".join(file.path.split(b"/")[-2 if b".hydra/" in file.path else -1 :]))
            rows.setdefault(name, SettingRow(*seen.key, name, value, told_by))
    for said in hparams:
        for name, value in (said.get("settings") or {}).items():
            rows.setdefault(name, SettingRow(*seen.key, name, value, "hparams"))
    return list(rows.values())


def _harmless(text: str) -> str:
    """Words of a file, for people."""
    return shown(text.encode("utf-8", "surrogatepass"))


def _trouble(seen: RunSeen, readings: Mapping[Address, Reading]) -> str:
    notes = [seen.note] if seen.note else []
    for file in seen.files:
        reading = readings.get(file.address)
        if reading is not None and reading.note:
            notes.append(f"{shown(file.path.rpartition(b'/')[2])}: {_harmless(reading.note)}")
    more = f" (and {len(notes) - TROUBLES_MOST} more)" if len(notes) > TROUBLES_MOST else ""
    return "; ".join(notes[:TROUBLES_MOST]) + more
