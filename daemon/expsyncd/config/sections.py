"""Sections of hosts.yaml: mappings whose keys are known, and what to say of those that are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expsyncd.config.kinds import Found, Kind, did_you_mean
from expsyncd.config.problems import Fault
from expsyncd.config.tree import Scalar, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expsyncd.config.problems import Mark, Problems
    from expsyncd.config.tree import Piece

Fields = dict[str, Found]


@dataclass(frozen=True)
class Key:
    """One key of a section."""

    kind: Kind
    help: str


Keys = dict[str, Key]


def section(
    keys: Keys, *, required: tuple[str, ...] = (), elsewhere: Mapping[str, str] | None = None
) -> Kind:
    """A mapping with known keys; gives Fields of those that were written.

    `elsewhere` says of keys that are often misplaced where they belong.
    """

    def read(piece: Piece, problems: Problems) -> Fields:
        if isinstance(piece, Scalar) and piece.empty and not required:
            return {}
        if not isinstance(piece, Section):
            raise Fault(piece.mark, f'keys belong here, such as "{next(iter(keys))}:"')
        fields: Fields = {}
        for name, (written, value) in piece.entries.items():
            if name not in keys:
                problems.add(written.mark, unknown(name, keys, elsewhere or {}))
                continue
            if keys[name].kind.may_be_empty and isinstance(value, Scalar) and value.empty:
                continue  # everything below it is commented out: as if it were not there
            try:
                fields[name] = Found(_value(name, written.mark, value, keys, problems), value.mark)
            except Fault as fault:
                problems.note(fault)
        for name in required:
            if name not in piece.entries:
                problems.add(piece.mark, f'"{name}" is missing here')
        return fields

    schema = {
        "type": "object" if required else ["object", "null"],
        "additionalProperties": False,
        "properties": {name: {"description": key.help, **key.kind.schema} for name, key in keys.items()},
    }
    if required:
        schema["required"] = list(required)
    return Kind("keys", schema, read, may_be_empty=not required)


def _value(name: str, mark: Mark, piece: Piece, keys: Keys, problems: Problems) -> Any:
    kind = keys[name].kind
    if isinstance(piece, Scalar) and piece.plain and not piece.text:
        raise Fault(mark, f'"{name}" is empty: give {kind.words}, or leave the line out')
    return kind.read(piece, problems)


def unknown(name: str, keys: Keys, elsewhere: Mapping[str, str]) -> str:
    """What to say of a key that does not exist at its place."""
    if name in elsewhere:
        return f'"{name}" does not belong here but {elsewhere[name]}'
    hint = did_you_mean(name, keys) or f"; here belong {', '.join(keys)}"
    return f'there is no key "{name[:80]}" here{hint}'
