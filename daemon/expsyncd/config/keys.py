"""Every key a person can write in hosts.yaml: reading, editor schema and docs follow these tables."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from expsyncd.config import durations, intervals, ports, sizes, texts
from expsyncd.config.kinds import SWITCH, Found, Kind, listing, one_of, scalar, switch_or
from expsyncd.config.problems import Fault
from expsyncd.config.sections import Key, Keys, section
from expsyncd.config.tree import Scalar, Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.config.problems import Problems
    from expsyncd.config.tree import Piece

MOST_SOURCES = 500  # a host; checks between sources stay quick, and a glob says it better
LEAST_CACHE = 10_000_000
LEAST_MEMORY = 256_000_000  # TensorBoard needs this much for an empty folder


def _memory(text: str) -> int:
    size = sizes.parse_size(text)
    if size < LEAST_MEMORY:
        raise ValueError("TensorBoard does not start with less than 256MB: write it like 4GB")
    return size


def _largest(text: str) -> int:
    size = sizes.parse_size(text)
    if not size:
        raise ValueError(f"with 0 nothing would be pulled: write it {sizes.EXAMPLES}, or leave the line out")
    return size


def _largest_cache(text: str) -> int:
    size = sizes.parse_size(text)
    if size < LEAST_CACHE:
        raise ValueError("less than 10MB holds no animation: write it like 2GB")
    return size


def _slowly(least: timedelta, why: str) -> Kind:
    def parse(text: str) -> timedelta:
        period = durations.parse_duration(text)
        if period < least:
            raise ValueError(f"the shortest is {durations.format_duration(least)}: {why}")
        return period

    return scalar("<duration>", parse)


def _size(parse: Callable[[str], int] = sizes.parse_size) -> Kind:
    return scalar("<size>", parse, "string", "integer")


INTERVAL = scalar("<duration> or <cron>", intervals.parse_interval)
AUDIT = scalar("<time>, <cron> or <duration>", intervals.parse_audit)
DURATION = scalar("<duration>", durations.parse_duration)
PORT = scalar("<port>", ports.port, "integer", minimum=1, maximum=65535)
PATTERNS = listing(scalar("<pattern>", texts.pattern))
REMOTE_PATH = scalar("<glob>", texts.remote_path)
RATE = _size(sizes.parse_rate)

CAP = scalar("<number>", ports.whole(2, 5000, "this"), "integer", minimum=2)
WIDTH = scalar("<number>", ports.whole(16, 4096, "this"), "integer", minimum=16)
ENABLED = "Render animations of sample images."

SOURCE_SAMPLES: Keys = {
    "enabled": Key(SWITCH, ENABLED),
    "pattern": Key(
        scalar("<text>", texts.sample_pattern),
        "What paths mean, by a regular expression with the groups series, epoch, step, batch, index.",
    ),
    "ignore": Key(PATTERNS, "Images that are no samples."),
    "cap": Key(CAP, "The most frames of an animation."),
    "width": Key(WIDTH, "The widest animation, in pixels."),
    "delay": Key(DURATION, "How long a frame is shown."),
}

SOURCE: Keys = {
    "path": Key(REMOTE_PATH, "The folder on the host; a glob makes one source of each match."),
    "name": Key(
        scalar("<name>", texts.source_name), "Its folder in the mirror; a glob's matches get it as prefix."
    ),
    "interval": Key(INTERVAL, "How often it is pulled, when not as often as its host."),
    "include": Key(PATTERNS, "Pull these files only; also lifts `skip` for those it names."),
    "exclude": Key(PATTERNS, "Never pull these files."),
    "max_size": Key(_size(_largest), "Files over this are skipped and listed in status."),
    "bwlimit": Key(RATE, "The most bytes a second for this source."),
    "samples": Key(section(SOURCE_SAMPLES), "How its sample images are taken."),
}

FORWARD: Keys = {
    "local": Key(
        scalar("<port> or <address>:<port>", ports.local_end, "integer", "string"),
        "Where it is here, on 127.0.0.1 unless an address is given.",
    ),
    "remote": Key(
        scalar("<host>:<port> or <port>", ports.remote_end, "string", "integer"),
        "Where it leads, as seen from the host.",
    ),
    "tensorboard": Key(SWITCH, "Say that a TensorBoard is there, so that its health is checked."),
}


def _source() -> Kind:
    long = section(SOURCE, required=("path",))

    def read(piece: Piece, problems: Problems) -> Any:
        if isinstance(piece, Scalar):
            return {"path": Found(REMOTE_PATH.read(piece, problems), piece.mark)}
        if not isinstance(piece, Section):
            raise Fault(piece.mark, "a source is a path, or a mapping with path: and more")
        return long.read(piece, problems)

    return Kind("<glob> or a mapping", {"anyOf": [REMOTE_PATH.schema, long.schema]}, read)


SLURM: Keys = {
    "interval": Key(
        _slowly(timedelta(seconds=60), "sites ask for a minute or more between two queries of Slurm"),
        "How often Slurm is asked about all jobs at once; every five minutes while none is queued.",
    ),
    "user": Key(scalar("<user>", texts.user), "Whose jobs, when not those of the login."),
}

GPUS: Keys = {
    "interval": Key(
        _slowly(timedelta(seconds=10), "each query wakes every GPU of the host"),
        "How often nvidia-smi is asked; twice as often while somebody looks at `status --watch`.",
    ),
}

HOST: Keys = {
    "sources": Key(listing(_source(), most=MOST_SOURCES), "The folders that are pulled, short or long."),
    "ssh": Key(scalar("<alias>", texts.ssh_alias), "What follows `ssh` when it is not the host's name."),
    "journal": Key(listing(REMOTE_PATH), "Launch scripts that are mirrored for the journal."),
    "slurm": Key(switch_or(section(SLURM)), "Ask Slurm about jobs, and pull their output."),
    "gpus": Key(switch_or(section(GPUS)), "Ask nvidia-smi about the GPUs."),
    "follow": Key(SWITCH, "Watch the sources on the host, so that growth is here within a second."),
    "transport": Key(
        one_of("auto", "rsync", "sftp"), "How files come; auto takes rsync where the host has it."
    ),
    "forwards": Key(
        listing(section(FORWARD, required=("local", "remote")), single=False), "Ports kept open to the host."
    ),
    "interval": Key(INTERVAL, "How often its sources are pulled, when not as often as the others."),
    "bwlimit": Key(RATE, "The most bytes a second for this host."),
}

NAME_GLOBS = listing(scalar("<glob>", texts.name_glob))
SHOW: Keys = {
    "hosts": Key(NAME_GLOBS, "Runs of these hosts only."),
    "runs": Key(NAME_GLOBS, "These runs only, by HOST/RUN or RUN."),
    "without": Key(NAME_GLOBS, "Not these runs, by HOST/RUN or RUN."),
    "younger_than": Key(DURATION, "Only runs that were written within this time."),
    "newest": Key(
        scalar("<number>", ports.whole(1, 1_000_000, "this"), "integer", minimum=1),
        "The most runs; those that were written last stay.",
    ),
}

TENSORBOARD: Keys = {
    "enabled": Key(SWITCH, "Run a TensorBoard over all runs."),
    "port": Key(PORT, "Its port on 127.0.0.1; when taken, the next free one."),
    "samples_per_plugin": Key(
        scalar("<text>", texts.samples_per_plugin), "How many points it keeps of each series."
    ),
    "scalars_only": Key(SWITCH, "Load scalars only, for very many runs."),
    "memory_limit": Key(_size(_memory), "It is restarted above this."),
    "show": Key(section(SHOW), "Which runs it loads, besides those you pin or unhide."),
    "private": Key(SWITCH, "Keep other users of this computer out, by a secret in its address."),
    "extra_args": Key(listing(scalar("<text>", texts.extra_argument)), "More arguments for TensorBoard."),
}

VERSIONS: Keys = {
    "count": Key(
        scalar("<number>", ports.whole(1, 100_000, "this"), "integer", minimum=1),
        "Old versions kept of a file.",
    ),
    "age": Key(DURATION, "Older ones are dropped, except the last of a file that shrank or vanished."),
    "size": Key(_size(), "The most bytes of all old versions together."),
}

SAMPLES: Keys = {
    "enabled": Key(SWITCH, ENABLED),
    "cap": Key(CAP, "The most frames of an animation, evenly over the steps."),
    "width": Key(WIDTH, "The widest animation, in pixels."),
    "delay": Key(DURATION, "How long a frame is shown."),
    "labels": Key(SWITCH, "Say epoch and step in a strip above the picture."),
    "webp": Key(SWITCH, "Write a WebP beside each GIF, at a fraction of its size."),
    "cache": Key(_size(_largest_cache), "The most bytes of rendered frames that are kept."),
}

RUNS: Keys = {
    "stalled_after": Key(
        scalar("<number>", ports.whole(2, 1000, "this"), "integer", minimum=2),
        "A run that writes nothing for so many times its usual gap is stalled.",
    ),
}

SKIP: Keys = {
    "patterns": Key(PATTERNS, "File patterns of what is not pulled when large."),
    "over": Key(_size(), "Files of these patterns over this are skipped and listed in status."),
}


def _hosts() -> Kind:
    # a key that was written one level too high or too low is told where it belongs
    elsewhere = dict.fromkeys(SOURCE.keys() - HOST.keys(), "under a source in its long form")
    elsewhere |= dict.fromkeys(
        ("root", "tensorboard", "versions", "skip", "audit", "reconcile"), "at the top of the file"
    )
    host = section(HOST, elsewhere=elsewhere)

    def read(piece: Piece, problems: Problems) -> dict[str, Found]:
        if isinstance(piece, Scalar) and piece.empty:
            return {}
        if not isinstance(piece, Section):
            raise Fault(piece.mark, 'each host is a key of its own: write "gpu1:" and its sources below it')
        hosts: dict[str, Found] = {}
        for name, (written, value) in piece.entries.items():
            try:
                texts.host_name(name)
            except ValueError as error:
                problems.add(written.mark, str(error))
            try:
                hosts[name] = Found(host.read(value, problems), written.mark)
            except Fault as fault:
                problems.note(fault)
        return hosts

    schema: dict[str, Any] = {
        "type": ["object", "null"],
        "additionalProperties": {"anyOf": [host.schema, {"type": "null"}]},
    }
    return Kind("hosts by name", schema, read, may_be_empty=True)


TOP: Keys = {
    "root": Key(scalar("<path>", texts.root_path), "Where everything is kept on this machine."),
    "interval": Key(INTERVAL, "How often sources are pulled; hosts and sources may differ."),
    "reconcile": Key(
        DURATION,
        "Between two whole pulls of a source that is followed: the follower makes the interval's needless.",
    ),
    "audit": Key(AUDIT, "When a slice of the mirror is compared with the hosts byte by byte."),
    "skip": Key(section(SKIP), "What is never pulled unless a source's `include` names it."),
    "min_free": Key(_size(), "Pulling pauses while the root's disk has less free."),
    "max_entries": Key(
        scalar("<number>", ports.whole(1, 100_000_000, "this"), "integer", minimum=1),
        "A source with more files and folders than this is not pulled.",
    ),
    "versions": Key(section(VERSIONS), "How long the old bytes of replaced files are kept."),
    "tensorboard": Key(section(TENSORBOARD), "How TensorBoard is run."),
    "samples": Key(section(SAMPLES), "How animations of sample images are made."),
    "runs": Key(section(RUNS), "How runs are judged."),
    "allow_old_rsync": Key(SWITCH, "Pull with an rsync here that is unsafe against hostile hosts."),
    "hosts": Key(_hosts(), "The hosts, each by the name that `ssh` knows."),
}

_BELOW = dict.fromkeys(HOST.keys() - TOP.keys(), "under a host")
_BELOW |= dict.fromkeys(SOURCE.keys() - HOST.keys() - TOP.keys(), "under a source of a host")
_BELOW["port"] = "under tensorboard"

FILE = section(TOP, elsewhere=_BELOW)
