"""What must hold between the entries of hosts.yaml: names, overlaps, ports. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.config.model import TensorBoardConfig
from expsyncd.config.names import components, default_names, is_glob, may_hold
from expsyncd.config.ports import local_address

if TYPE_CHECKING:
    from expsyncd.config.kinds import Found
    from expsyncd.config.problems import Problems
    from expsyncd.config.sections import Fields

MOST_GLOBS = 50  # a host; each is compared with every other source

_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - what a person may have written


def check_names(sources: tuple[Found, ...], problems: Problems) -> list[str]:
    """The name of each source, given or from its path; the same name twice is a problem."""
    fields: list[Fields] = [source.value for source in sources]
    derived = [index for index, source in enumerate(fields) if "name" not in source and "path" in source]
    given = {source["name"].value for source in fields if "name" in source}
    names = [source["name"].value if "name" in source else "" for source in fields]
    for index, name in zip(
        derived, default_names([fields[i]["path"].value for i in derived], given), strict=True
    ):
        names[index] = name
    first: dict[str, tuple[Found, Found]] = {}
    for source, name in zip(sources, names, strict=True):
        path = source.value.get("path")
        if path is None or not name:
            continue  # reported
        where = source.value.get("name", path)
        before, before_path = first.setdefault(name, (where, path))
        # the same folder twice is said by the check of overlaps
        if before is not where and components(path.value) != components(before_path.value):
            problems.add(
                where.mark,
                f'two sources would be called "{name}", also on line {before.mark.line}: give one a name:',
            )
    return names


def check_overlaps(sources: tuple[Found, ...], problems: Problems) -> None:
    """No folder of a host may be pulled twice: a source equal to or inside another is a problem."""
    placed = [
        (components(source.value["path"].value), source.value["path"])
        for source in sources
        if "path" in source.value
    ]
    globs = [(parts, path) for parts, path in placed if is_glob(path.value)]
    if len(globs) > MOST_GLOBS:
        problems.add(globs[MOST_GLOBS][1].mark, f"a host can have {MOST_GLOBS} globs: let one match more")
        return
    whole: dict[tuple[str, ...], Found] = {}
    for parts, path in placed:
        if parts in whole:
            problems.add(path.mark, f"this folder is here twice: also on line {whole[parts].mark.line}")
        whole.setdefault(parts, path)
    for parts, path in placed:
        for length in range(2, len(parts)):
            if outer := whole.get(parts[:length]):
                _report_inside(path, outer, problems)
                break
    for glob_parts, glob in globs:
        for parts, path in whole.items():
            if (
                parts == glob_parts
                or parts[: len(glob_parts)] == glob_parts
                or glob_parts[: len(parts)] == parts
            ):
                continue  # reported above
            if may_hold(glob_parts, parts):
                _report_inside(path, glob, problems)
            elif may_hold(parts, glob_parts):
                _report_inside(glob, path, problems)


def _report_inside(inner: Found, outer: Found, problems: Problems) -> None:
    problems.add(
        inner.mark,
        f'this folder is pulled already, by "{outer.value[:80]}" on line {outer.mark.line}: leave one out',
    )


def check_ports(tensorboard: Fields, hosts: dict[str, Found], problems: Problems) -> None:
    """Each local port is wanted once, TensorBoard's included."""
    wanted: dict[int, list[tuple[str, str]]] = {}
    if tensorboard["enabled"].value if "enabled" in tensorboard else TensorBoardConfig().enabled:
        port = tensorboard.get("port")
        where = (
            f"also by tensorboard on line {port.mark.line}"
            if port
            else "it is TensorBoard's unless tensorboard: {port: …} says another"
        )
        wanted[port.value if port else TensorBoardConfig().port] = [("127.0.0.1", where)]
    for host in hosts.values():
        forwards = host.value["forwards"].value if "forwards" in host.value else ()
        for forward in forwards:
            if (local := forward.value.get("local")) is None:
                continue
            address, number = local_address(local.value)
            for other, where in wanted.get(number, []):
                if address == other or _EVERYWHERE & {address, other}:
                    problems.add(local.mark, f"the local port {number} is wanted twice: {where}")
                    break
            else:
                wanted.setdefault(number, []).append(
                    (address, f"also by the forward on line {local.mark.line}")
                )
