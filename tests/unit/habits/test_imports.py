"""Data flows one way: who may import whom."""

from __future__ import annotations

import ast
import re

import pytest

from unit.habits.source_tree import foreign_imports, imports, modules

# A package to the packages and top modules it may import; itself always. DESIGN 3 with the reasons beside.
BELOW = {"errors", "clock", "pace", "threads", "units", "owner", "paths", "process", "redact"}
MAY = {
    "redact": {"secret_names", "secret_places", "secret_shapes"}, "secret_names": set(), "secret_places": set(), "secret_shapes": set(),
    "errors": set(), "owner": {"redact"}, "clock": set(), "pace": set(), "threads": set(), "units": set(), "memory": set(),
    "paths": {"errors"}, "process": {"errors"}, "network": set(),
    "logs": {"paths"}, "systemd": set(), "supervise": {"errors", "clock"},
    "eventfiles": set(), "cell": {"process"}, "confined": set(),
    "config": BELOW - {"process"},
    "state": BELOW - {"process"},
    "control": {"errors", "state"},
    "ssh": BELOW | {"mirror.layout", "state.status", "state.tunnels", "config.model", "config.ports"},
    "mirror": BELOW | {"state", "config.model"},
    # pulls write the mirror and record facts; the config's values describe sources
    "pull": BELOW | {"mirror.layout", "mirror.versions", "mirror.inplace", "mirror.folders", "state", "config.model", "config.names"},
    # what the follower may write, and by which rules, are the pulls' own; the agent's other end is a connection
    "follow": BELOW | {
        "pull.command", "pull.digest", "pull.kinds", "pull.leases", "pull.listing", "pull.local", "pull.patterns", "pull.plan",
        "pull.rhythm", "pull.seconds", "pull.source", "mirror.layout", "state", "config.model", "ssh.finding", "ssh.probe",
    },
    # launch registers our tab
    "tensorboard": BELOW | {"tab.plugin", "eventfiles", "mirror.scan", "mirror.layout", "state", "config.model"},
    "samples": BELOW | {"cell", "confined", "eventfiles", "mirror.layout", "mirror.batch", "mirror.looks", "mirror.scan", "state", "config.model"},
    "inquiry": BELOW | {"state.status"},
    # Slurm and GPUs: the keepers ask over whatever runs commands; the rest reads texts
    "jobs": BELOW | {"inquiry", "state", "config.model"}, "gpus": BELOW | {"inquiry", "state", "config.model"},
    "output_sources": {"config.model", "config.names", "jobs.output"},
    # the page inside TensorBoard reads both databases, asks the daemon, and shows frames that were rendered already
    "tab": {"errors", "paths", "clock", "mirror.layout", "state", "control.client", "control.protocol",
            "samples.blocks", "samples.tagged", "samples.decode"},
    "runs": BELOW | {"cell", "confined", "eventfiles", "redact", "mirror.layout", "mirror.batch", "mirror.looks", "mirror.scan", "state"},
    "journal": BELOW | {"mirror.layout", "mirror.batch", "mirror.scan", "state", "config.model", "config.names", "cell", "confined"},
    "journal_folders": {"config.names", "config.model", "pull.chosen", "journal.scripts"},
    "notices": BELOW | {"state.status"},
    # what runs are called and what is said of them, for the daemon and for commands without one
    "marking": BELOW | {"config", "state", "mirror", "tensorboard"},
    "schedule": {"clock", "pace", "config.model", "ssh.retry"},
    "host_asks": BELOW | {"supervise", "jobs", "gpus", "inquiry", "config.model", "ssh.probe"},
    "host": BELOW | {"host_sources", "host_asks", "host_telling", "jobs.keeper", "supervise", "ssh", "pull", "state", "config"},
    "host_sources": BELOW | {"output_sources", "jobs.output", "ssh", "pull", "follow", "state", "config"},
    "host_telling": {"clock", "state"},
}  # fmt: skip
# These put the others together.
TOP = {"ways", "app", "board", "ground", "once", "premises", "roster", "verbs", "cli", "demo", "doctor"}


def home(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


@pytest.mark.parametrize("name", [n for n in modules() if n and home(n) not in TOP])
def test_imports_go_down_only(name):
    assert home(name) in MAY, f"say in this table what {home(name)} may import"
    allowed = MAY[home(name)]
    wrong = {
        other
        for other in imports(name)
        if home(other) != home(name) and not any(other == a or other.startswith(f"{a}.") for a in allowed)
    }
    assert wrong == set()


def test_nobody_imports_the_top():
    for name in modules():
        for other in imports(name):
            if home(other) == "app":
                assert name in {"cli.run", "demo.stage"}, name
            if home(other) == "cli":
                assert home(name) in {"cli", "demo"}, name
            if home(other) in {"roster", "board", "verbs", "premises", "ground"}:
                assert name in {"app", "once", "roster"}, (name, other)
            if home(other) == "doctor":
                assert home(name) in {"doctor", "cli"}, name
            if home(other) == "once":
                assert name == "cli.pull", name


def test_status_takes_the_fast_path():
    # What `expsyncd status` loads: no framework, no event loop, no model library.
    seen: set[str] = set()
    waiting = {"cli.status", "cli.main"}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        if name != "cli.main":
            waiting |= imports(name, typing_too=False) - seen - {"cli.watch"}
    heavy = {"typer", "rich", "asyncio", "pydantic", "yaml", "subprocess", "logging"}
    assert {name: found for name in seen if (found := foreign_imports(name) & heavy)} == {}


# DESIGN 3 marks these; more say so themselves in their docstring.
PURE = {
    "config.diff", "config.model", "config.names", "config.durations", "config.sizes", "ssh.command", "ssh.diagnosis",
    "ssh.causes", "ssh.retry", "pull.plan", "pull.command", "pull.outcome", "pull.listing", "pull.freshness",
    "pull.chosen", "pull.kinds", "pull.census", "mirror.layout", "mirror.batch", "tensorboard.command", "cli.screen",
    "state.status", "state.shown", "control.protocol", "units", "errors",
}  # fmt: skip
PURE |= {
    name for name, tree in modules().items() if re.search(r"\bPure(?! but)", ast.get_docstring(tree) or "")
}
IO = {
    "asyncio", "glob", "http", "logging", "multiprocessing", "random", "select", "shutil", "signal", "socket", "sqlite3",
    "subprocess", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
# `Path(...).stat()` and the like count by the method's name, whatever it is called on.
DOES = {"open", "print", "input", "now", "utcnow", "today", "stat", "lstat", "scandir", "listdir", "getenv", "environ",
        "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir", "iterdir", "cwd", "getcwd", "expanduser",
        "getuid", "kill"}  # fmt: skip


DOES_ALL_THE_SAME = {
    ("cli.screen", "now"): "the default of an argument that every test gives",
    ("pull.digest", "open"): "`local_digest` answers here what the script answers on the host",
}


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_modules_do_nothing(name):
    assert foreign_imports(name) & IO == set()
    called = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(modules()[name])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }
    assert {word for word in called & DOES if (name, word) not in DOES_ALL_THE_SAME} == set()
