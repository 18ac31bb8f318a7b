"""A module's tests are at its own path; what has none says why, and that list only shrinks."""

from __future__ import annotations

from unit.habits.source_tree import CHECKOUT, file_of, modules

TESTS = CHECKOUT / "tests"

# Reason -> module: the test that covers it. Unit tests start no process, open no socket and do not wait.
ELSEWHERE = {
    "puts services together; only the running daemon shows that it does": {
        "app": "integration/test_daemon", "board": "integration/test_points", "ground": "faults/test_root",
        "host": "integration/test_daemon", "host_telling": "integration/test_daemon",
        "pull.telling": "integration/test_daemon",
        "host_sources": "integration/test_daemon", "host_asks": "integration/test_asks", "once": "integration/test_daemon", "premises": "faults/test_kill",
        "doctor.examine": "integration/test_doctor", "roster": "integration/test_daemon", "ways": "integration/test_needs_login",
        "notices": "integration/test_needs_login",
    },
    "asks a host's programs": {"gpus.keeper": "integration/test_asks"},
    "starts processes": {
        "journal.read": "integration/test_journal", "journal.scripts": "integration/test_journal",
        "runs.read": "integration/test_runs",
        "runs.reader": "integration/test_runs", "runs.record": "integration/test_runs", "runs.service": "integration/test_runs",
        "runs.hparams": "integration/test_runs",
        "state.readings": "integration/test_runs",
        "cell": "integration/test_darkroom", "confined": "integration/test_darkroom",
        "samples.darkroom": "integration/test_darkroom", "samples.develop": "integration/test_darkroom",
        "samples.arrays": "integration/test_darkroom", "samples.decode": "integration/test_darkroom",
        "samples.put_together": "integration/test_darkroom", "samples.sheet": "integration/test_darkroom",
        "samples.webp": "integration/test_darkroom", "samples.mp4": "integration/test_darkroom",
        "samples.renderer": "integration/test_samples", "samples.wanted": "integration/test_samples",
        "state.tagged": "integration/test_samples",
        "process": "integration/test_process",
        "follow.agent.main": "integration/test_agent", "follow.agent.inotify": "integration/test_agent",
        "follow.agent.disks": "integration/test_agent",
        "follow.follower": "integration/test_follower",
        "follow.room": "integration/test_follower", "tensorboard.answers": "integration/test_points",
        "pull.carrier": "contracts/test_carriers", "pull.carry": "contracts/test_carriers",
        "pull.rrsync_carry": "contracts/test_carriers", "pull.sftp_carry": "contracts/test_carriers",
        "pull.reach": "contracts/test_carriers", "pull.sftp_reach": "contracts/test_carriers",
        "pull.place": "contracts/test_carriers", "ssh.sftp": "integration/test_sftp", "pull.globs": "integration/test_daemon",
        "pull.grown": "faults/test_data_safety", "pull.keeper": "integration/test_points",
        "pull.puller": "faults/test_data_safety", "pull.source": "faults/test_data_safety",
        "ssh.connection": "integration/test_connection", "ssh.gateways": "integration/test_gateways",
        "ssh.forwarding": "integration/test_tunnel", "ssh.tunnel": "integration/test_tunnel",
        "ssh.tunnel_probe": "integration/test_tunnel", "ssh.tunnels": "integration/test_tunnel",
        "ssh.typed": "integration/test_login",
        "ssh.login": "integration/test_login_memory", "ssh.means": "integration/test_login_memory", "ssh.news": "integration/test_login_memory",
        "ssh.master": "integration/test_connection",
        "ssh.hello": "integration/test_connection", "ssh.loss": "integration/test_connection", "ssh.ride": "integration/test_connection", "ssh.route": "integration/test_connection",
        "tensorboard.keeper": "integration/test_tensorboard", "tensorboard.launch": "integration/test_page", "tensorboard.apart": "integration/test_page", "tensorboard.shelf": "integration/test_shelf", "tensorboard.mender": "faults/test_tensorboard",
    },
    "listens on a socket, or talks to one": {
        "ssh.wire": "integration/test_wire", "tensorboard.ports": "integration/test_ports",
        "control.client": "integration/test_control", "control.listener": "integration/test_control",
        "demo.channels.command": "contracts/test_ssh_host", "demo.channels.files": "contracts/test_ssh_host",
        "demo.channels.forward": "contracts/test_ssh_host", "demo.channels.gate": "contracts/test_ssh_host",
        "demo.channels.transport": "integration/test_builtin_host", "demo.host": "integration/test_builtin_host",
        "demo.leftovers": "integration/test_builtin_host", "demo.threads": "integration/test_builtin_host",
        "demo.served": "integration/test_demo", "demo.ssh_config": "unit/demo/test_keys",
        "demo.stage": "integration/test_demo", "demo.training": "integration/test_demo",
        "demo.script": "integration/test_demo",
    },
    "waits for the kernel's file events": {
        "config.watch": "integration/test_daemon", "mirror.inbox": "integration/test_watch",
        "mirror.watch": "integration/test_watch",
    },
    "what the command prints, from a journal that the real daemon made": {
        "cli.journal": "integration/test_journal", "cli.journal_view.known": "integration/test_journal",
        "cli.journal_view.linking": "integration/test_journal",
    },
    "a command: what it prints and its exit status are the daemon's answers": {
        "cli.adopt": "integration/test_daemon", "cli.bars": "integration/test_daemon",
        "cli.demo": "integration/test_demo", "cli.group": "unit/cli/test_main",
        "cli.exporting": "integration/test_samples", "cli.samples": "integration/test_samples",
        "cli.jobs": "integration/test_asks", "cli.open": "integration/test_daemon", "cli.hide": "integration/test_selection", "cli.run": "integration/test_daemon",
        "cli.status": "integration/test_daemon",
        "cli.watch": "integration/test_daemon", "cli.wishes": "integration/test_daemon",
    },
    "a part of reading hosts.yaml; one file per fault shows line, column and words of each": {
        "config.checks": "unit/config/test_load", "config.keys": "unit/config/test_reference",
        "config.kinds": "unit/config/test_load", "config.model": "unit/config/test_load",
        "config.ports": "unit/config/test_load", "config.problems": "unit/config/test_load",
        "config.schema": "unit/config/test_reference", "config.sections": "unit/config/test_load",
        "config.syntax": "unit/config/test_load", "config.texts": "unit/config/test_load",
        "config.tree": "unit/config/test_fuzz",
    },
    "what a page asks for, of a real TensorBoard over HTTP": {
        f"tab.{name}": "integration/test_tab" for name in
        ("asking", "changes", "daemon_asked", "hosts", "journal", "known", "pictures", "run", "runs", "samples")
    },
    "a table, or the lower half of the module that is tested": {
        **dict.fromkeys(("journal.scope", "journal.arithmetic", "journal.braces", "journal.expand", "journal.parameter", "journal.substitution",
                         "journal.heads", "journal.settings", "journal.syntax", "journal.found", "journal.comments", "journal.directives",
                         "journal.place", "journal.quoted", "journal.walk", "journal.assign", "journal.loops", "journal.commands", "journal.fed", "journal.submitted", "journal.blocks", "journal.condition", "journal.repeats"),
                        "unit/journal/test_parse"),
        "journal.naming": "unit/journal/test_link", "journal.evidence": "unit/journal/test_link",
        "secret_names": "unit/test_redact", "secret_places": "unit/test_redact", "secret_shapes": "unit/test_redact",
        "ssh.causes": "unit/ssh/test_diagnosis", "state.facts_schema": "unit/state/test_facts",
        "state.tunnels": "unit/state/test_shown", "state.asked": "unit/state/test_shown", "state.samples": "unit/state/test_shown", "state.tensorboard": "unit/state/test_shown", "state.runs": "unit/state/test_shown",
        "state.series": "unit/samples/test_records", "samples.words": "unit/samples/test_names",
        "samples.frame": "unit/samples/test_series",
        "cli.screen_page": "unit/cli/test_screen", "cli.screen_short": "unit/cli/test_screen",
        "tensorboard.links": "unit/tensorboard/test_view",
        "follow.agent.rules": "unit/follow/test_accepted", "follow.agent.stream": "unit/follow/test_frames",
    },
}  # fmt: skip
# Unit tests that look at more than one module.
ACROSS = {
    "config/test_reference": "every key in docs, schema and reader",
    "config/test_fuzz": "any text at all, read in bounded time",
}


def test_every_module_has_its_test():
    elsewhere = {module: cover for rows in ELSEWHERE.values() for module, cover in rows.items()}
    ours = {name for name in modules() if name and file_of(name).name != "__init__.py"}
    own = {name for name in ours if (TESTS / "unit" / _own_test(name)).exists()}
    assert sorted(ours - own - set(elsewhere)) == [], "without a test at their path"
    assert sorted(own & set(elsewhere)) == [], "have their own test now: take them off the list"
    assert sorted(set(elsewhere) - ours) == [], "are no more: take them off the list"
    assert [cover for cover in elsewhere.values() if not (TESTS / f"{cover}.py").exists()] == []


def test_every_unit_test_has_its_module():
    ours = {_own_test(name) for name in modules() if name}
    unit = TESTS / "unit"
    found = {str(path.relative_to(unit)) for path in unit.rglob("test_*.py") if path.parent.name != "habits"}
    across = {f"{name}.py" for name in ACROSS}
    assert sorted(found - ours - across) == []
    assert sorted(across - found) == []


def _own_test(name: str) -> str:
    *packages, last = name.split(".")
    return "/".join([*packages, f"test_{last}.py"])
