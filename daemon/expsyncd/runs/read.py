"""The readers' child: one file a job, from an offset on; files that nobody vouches for may end it.

A job is one line of JSON with kind, path, offset, mark, held (what the last answer said of the file) and tags
(the run's scalar tags with their first steps). The answers are one line for each tag with new points, then
`read`; or `again` when other bytes than before stand there; or `refused` with a reason.
"""

from __future__ import annotations

import hashlib
import os
import stat
from base64 import b64encode
from typing import TYPE_CHECKING, Any, BinaryIO

from expsyncd.confined import confine, jobs, say
from expsyncd.mirror.layout import shown
from expsyncd.runs import events, logs, sacred, settings, tables
from expsyncd.state.measured import pack

if TYPE_CHECKING:
    from collections.abc import Mapping

MEMORY_MOST = 1 << 30
MARK_BYTES = 64
# Written as a whole each time: nothing of before counts.
WHOLE = frozenset({"sacred-metrics", "wandb-summary"})
_REFUSED = (settings.NoSettingsError, sacred.NotReadError)


def main() -> None:
    """Read jobs from stdin until it closes."""
    confine(MEMORY_MOST)
    for job in jobs():
        try:
            with opened(os.fsencode(job["path"])) as file:
                answer(job, file)
        except OSError as error:
            say(refused=error.strerror or "it cannot be read")
        except MemoryError:
            say(refused="needs too much memory")
        except _REFUSED as error:
            say(refused=str(error))


def opened(path: bytes) -> BinaryIO:
    """A regular file, not through a link; a pipe must not make us wait for its writer. Raises OSError."""
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    file = os.fdopen(number, "rb")
    if not stat.S_ISREG(os.fstat(number).st_mode):
        file.close()
        raise OSError(0, "no regular file")
    return file


def answer(job: dict[str, Any], file: BinaryIO) -> None:
    """Do one job."""
    kind, offset, held = job["kind"], int(job["offset"]), dict(job["held"])
    if offset and mark_of(file, offset) != job["mark"]:
        say(again=True)
        return
    match kind:
        case "events":
            found = events.read(file, offset, job["tags"])
        case "table" | "json-lines":
            try:
                if kind == "table":
                    found = tables.read_table(file, offset, held, tabs=job["path"].endswith(".tsv"))
                else:
                    found = tables.read_json_lines(file, offset, held)
            except tables.NoTableError as error:
                # Most csv files are something else; that is no trouble.
                say(read=file.seek(0, 2), more=False, mark="", held={"no_table": str(error)}, note="")
                return
        case "sacred-metrics":
            found = sacred.read_metrics(file)
        case "wandb-summary":
            found = sacred.read_summary(file)
        case "sacred-run":
            say(read=0, more=False, mark="", held=sacred.read_run(file), note="")
            return
        case "log":
            say(read=0, more=False, mark="", held=_end_of_log(file), note="")
            return
        case _:
            name = os.path.basename(job["path"])
            chosen, note = settings.read_settings(file, name, wandb=kind == "wandb-settings")
            say(read=0, more=False, mark="", held={"settings": chosen}, note=note)
            return
    prefix = (
        f"{shown(os.path.basename(os.fsencode(job['path'])))}/" if kind in {"table", "json-lines"} else ""
    )
    _tell(found, job["tags"], prefix, whole=kind in WHOLE)
    _note_found(found, held)
    _note_walls(found, held, whole=kind in WHOLE)
    mark = mark_of(file, found.offset) if found.offset else ""
    say(read=found.offset, more=found.more, mark=mark, held=held, note=_note(held))


def mark_of(file: BinaryIO, offset: int) -> str:
    """A digest of the beginning of a file and of the bytes before `offset`: other bytes, another file."""
    file.seek(0)
    beginning = file.read(min(MARK_BYTES, offset))
    file.seek(max(0, offset - MARK_BYTES))
    return hashlib.sha256(beginning + file.read(min(MARK_BYTES, offset))).hexdigest()[:24]


def _tell(found: events.Read, tags: Mapping[str, int], prefix: str, *, whole: bool) -> None:
    room = events.TAGS_MOST - len(tags)
    names = {tag: f"{prefix}{events.named(tag)}" for tag in found.points}
    begun = {} if whole else {tag: tags[name] for tag, name in names.items() if name in tags}
    for tag, news in events.news(found, begun).items():
        tally, name = news.tally, names[tag]
        if name not in tags:
            if room <= 0:
                found.tags_left_out += 1
                continue
            room -= 1
        say(
            tag=name,
            anew=news.anew,
            lowest=news.lowest,
            points=tally.points,
            first=tally.first,
            last=tally.last,
            least=tally.least,
            greatest=tally.greatest,
            furthest=tally.furthest,
            curve=b64encode(pack(tally.curve)).decode(),
        )


def _note_found(found: events.Read, held: dict[str, Any]) -> None:
    if found.damaged is not None:
        first, count = held.get("damaged") or (found.damaged[0], 0)
        held["damaged"] = [first, count + found.damaged[1]]
    for name, more in (("unread", found.unread), ("left_out", found.tags_left_out)):
        if more:
            held[name] = held.get(name, 0) + more
    if found.hparams:
        hparams = dict(held.get("hparams", {}))
        if "settings" in found.hparams:
            hparams.pop("ended", None)
            found.hparams["settings"] = {
                **hparams.get("settings", {}),
                **{
                    shown(name.encode("utf-8", "surrogatepass")): settings.redacted(name, text)
                    for name, text in found.hparams["settings"].items()
                },
            }
        held["hparams"] = {**hparams, **found.hparams}


def _note_walls(found: events.Read, held: dict[str, Any], *, whole: bool) -> None:
    if not found.walls:
        return
    before = None if whole else held.get("wall")
    gaps = {} if whole else {int(power): tuple(gap) for power, gap in held.get("gaps", {}).items()}
    for power, (count, seconds) in events.gaps(found.walls, before).items():
        had = gaps.get(power, (0, 0.0))
        gaps[power] = (had[0] + count, had[1] + seconds)
    held["gaps"] = gaps
    held["wall"] = found.walls[-1]
    held.setdefault("began", found.walls[0])


def _note(held: dict[str, Any]) -> str:
    notes = []
    if held.get("damaged"):
        first, count = held["damaged"]
        notes.append(f"from byte {first} on {count} bytes are no records; read on behind them")
    if held.get("unread"):
        notes.append(f"{held['unread']} records hold nothing that can be read")
    if held.get("left_out"):
        notes.append("too many tags, or too long ones: the first are shown")
    if held.get("trouble"):
        notes.append(str(held["trouble"]))
    return "; ".join(notes)


def _end_of_log(file: BinaryIO) -> dict[str, Any]:
    size = file.seek(0, 2)
    file.seek(max(0, size - logs.TAIL_BYTES))
    end = logs.ended(file.read(logs.TAIL_BYTES).decode("utf-8", "replace"))
    if end is None:
        return {}
    state, line = end
    return {"ended": state, "why": shown(line.encode())}


if __name__ == "__main__":
    main()
