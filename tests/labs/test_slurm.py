"""A real Slurm with accounting: every way a job waits, runs and ends, tied to its run; polite; dead without harm."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from labs import lab_of_slurm
from labs.lab_of_slurm import SlurmLab
from support.place import Place, content
from support.sshd import SSHD, Sshd
from support.wait import until

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(300)]

INTERVAL_S = 60
WITHIN_S = 40
TRAIN = """\
#!/bin/sh
#SBATCH --job-name=gan7
mkdir -p runs/gan7
echo step,loss >runs/gan7/metrics.csv
for step in 1 2 3 4 5; do echo $step,0.$step; done >>runs/gan7/metrics.csv
echo begins
sleep 600
"""


class Scene:
    """The lab, a laptop with its daemon, and one job of each kind by its name."""

    def __init__(self, lab: SlurmLab, folder) -> None:
        self.lab = lab
        enter = folder / "enter"
        self.sshd = Sshd(
            folder / "sshd",
            alias="hpc",
            lines=(f"SetEnv PATH={lab.folder}/bin:/usr/bin:/bin",),
            client=(f"ProxyCommand sh {enter}",),
        )
        # The sshd that answers is one inside the lab, one for each connection.
        enter.write_text(f"exec {' '.join(lab.enter)} {SSHD} -i -f {self.sshd.folder}/sshd_config\n")
        self.place = Place(self.sshd.options, "hpc")
        self.jobs: dict[str, str] = {}
        self._submit()

    def _submit(self) -> None:
        submit, home = self.lab.submit, self.lab.home
        (home / "train.sbatch").write_text(TRAIN)
        (home / "runs").mkdir()
        jobs = self.jobs
        jobs["late"] = submit("-J", "late", "-t", "1", "--wrap", "exec sleep 600")
        jobs["train"] = submit("train.sbatch")
        jobs["done"] = submit("-J", "done", "-o", f"{home}/logs-%x-%j.txt", "--wrap", "echo all well")
        jobs["failed"] = submit("-J", "failed", "--wrap", "echo oh no >&2; exit 3")
        jobs["killed"] = submit("-J", "killed", "--wrap", "kill -SEGV $$")
        jobs["array"] = submit("-J", "sweep", "-a", "0-5%2", "--wrap", "exec sleep 600")
        jobs["cancelled"] = submit("-J", "cancelled", "--wrap", "exec sleep 600")
        jobs["depends"] = submit("-J", "depends", "-d", f"afterok:{jobs['train']}", "--wrap", "true")
        jobs["never"] = submit("-J", "never", "-d", f"afterok:{jobs['failed']}", "--wrap", "true")
        jobs["held"] = submit("-J", "held", "-H", "--wrap", "true")
        jobs["large"] = submit("-J", "large", "--gres=gpu:4", "--wrap", "exec sleep 600")
        jobs["waits"] = submit("-J", "waits | \x1b[31m €", "--gres=gpu:4", "--wrap", "true")
        jobs["begins"] = submit("-J", "begins", "--begin=now+2hours", "--wrap", "true")

    def settle(self) -> None:
        """Wait until Slurm itself says that each is where it should be."""
        running = {"train", "cancelled", "large", "late"}

        def states():
            said = self.lab.run("squeue", "-h", "-t", "all", "-o", "%A %T")
            return dict(line.split() for line in said.splitlines())

        until(lambda: {states().get(self.jobs[name]) for name in running} == {"RUNNING"}, WITHIN_S)
        self.lab.run("scancel", self.jobs["cancelled"])
        # Its limit is a minute, and Slurm looks at limits every half a minute.
        self.lab.run("scontrol", "update", f"jobid={self.jobs['late']}", "EndTime=now+1")
        ended = {"failed": "FAILED", "done": "COMPLETED", "cancelled": "CANCELLED"}
        until(lambda: all(states().get(self.jobs[n]) == word for n, word in ended.items()), WITHIN_S)
        # The accounting hears of each end a moment later, and the daemon asks it once a minute.
        until(lambda: all(self._accounted(self.jobs[name]) for name in ended), WITHIN_S)

    def _accounted(self, job: str) -> bool:
        rows = self.lab.run("sacct", "-n", "-P", "-X", "-o", "State,End", "-j", job).splitlines()
        state, _, end = (rows or [""])[0].partition("|")
        return end not in ("", "Unknown") and state.startswith(("FAILED", "COMPLETED", "CANCELLED by"))

    def start(self, name: str = "hpc") -> None:
        """The daemon with this one host, under a name of its own."""
        self.place.config_file.write_text(
            f"root: {self.place.root}\ninterval: 1s\nmin_free: 1MB\ntensorboard: {{enabled: false}}\n"
            f"hosts:\n  {name}:\n    ssh: hpc\n    slurm: {{interval: {INTERVAL_S}s}}\n"
            f"    sources: [{{path: {self.lab.home}/runs, name: runs}}]\n"
        )
        if self.place.daemon is None:
            self.place.start()

    @property
    def mirror(self):
        return self.place.root / "mirror"

    def host(self, name: str = "hpc"):
        return (self.place.status() or {}).get("hosts", {}).get(name, {})

    def summary(self, name: str = "hpc"):
        return self.host(name).get("jobs") or {}

    def known(self) -> dict[str, Any]:
        """The rows of `jobs --json` by the names here; what waits of the array and its tasks by Slurm's names."""
        rows = {row["job"]: row for row in json.loads(self.place.run("jobs", "--all", "--json").stdout)}
        return rows | {name: rows[number] for name, number in self.jobs.items() if number in rows}

    def close(self) -> None:
        self.place.close()
        self.sshd.stop()


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    if reason := lab_of_slurm.missing():
        pytest.skip(reason)
    lab = SlurmLab()
    try:
        scene = Scene(lab, tmp_path_factory.mktemp("slurm"))
        try:
            scene.settle()
            scene.start()
            until(lambda: scene.summary().get("running") is not None, WITHIN_S, "Slurm answered")
            yield scene
        finally:
            scene.close()
    finally:
        lab.close()


def test_what_runs_and_what_ended(scene):
    known = scene.known()
    assert (known["train"]["state"], known["train"]["node"]) == ("RUNNING", "n1")
    assert (known["done"]["state"], known["done"]["ended"], known["done"]["exit_code"]) == (
        "COMPLETED",
        "completed",
        0,
    )
    assert (known["failed"]["state"], known["failed"]["ended"], known["failed"]["exit_code"]) == (
        "FAILED",
        "exit 3",
        3,
    )
    assert known["killed"]["ended"] == "killed by SIGSEGV"
    assert known["cancelled"]["ended"] == "cancelled by you"
    assert 0 < known["late"]["left_seconds"] <= 60 or known["late"]["state"] == "TIMEOUT"
    assert known["failed"]["command"].startswith("sbatch --parsable -J failed")


def test_why_each_waits(scene):
    known = scene.known()
    assert {known[name]["state"] for name in ("depends", "never", "held", "waits", "begins")} == {"PENDING"}
    assert known["depends"]["reason"] == f"waits until job {scene.jobs['train']} has succeeded"
    assert known["never"]["reason"] == "will never start: what it depends on failed"
    assert known["held"]["reason"] == "held by you: `scontrol release` lets it go"
    assert known["begins"]["reason"] == "waits for its begin time"
    assert known["begins"]["expected_at"] is not None
    assert known["waits"]["reason"] in ("waits for free resources", "others go first (priority)")


def test_arrays_are_tasks_and_what_waits_of_them(scene):
    number, known = scene.jobs["array"], scene.known()
    assert {known[f"{number}_{task}"]["state"] for task in (0, 1)} == {"RUNNING"}
    waiting = known[f"{number}_[2-5%2]"]
    assert (waiting["state"], waiting["reason"]) == ("PENDING", "as many tasks of the array run as it allows")
    assert known[f"{number}_1"]["output"] == f"{scene.lab.home}/slurm-{number}_1.out"


def test_odd_names_are_harmless(scene):
    assert scene.known()["waits"]["name"] == "waits | \\x1b[31m €"
    assert "\x1b" not in scene.place.run("jobs", "--all").stdout
    assert "\x1b" not in scene.place.run("status").stdout


def test_output_files_come_and_nothing_else(scene):
    (scene.lab.home / "secret.txt").write_text("no job says that it writes this\n")
    wanted = {b"begins\n", b"all well\n", b"oh no\n"}
    until(lambda: wanted <= set(content(scene.mirror).values()), WITHIN_S)
    assert b"no job says that it writes this\n" not in content(scene.mirror).values()
    train = scene.known()["train"]
    assert (scene.mirror / train["log"]).read_text() == "begins\n"
    assert scene.place.run("tail", scene.jobs["failed"]).stdout == "oh no\n"


def test_at_most_one_query_an_interval_and_then_what_changed(scene):
    """At the first query the run was not known and no job out of time; 40 more jobs are no reason to ask."""
    for number in range(40):
        scene.lab.submit("-J", f"more{number}", "-H", "--wrap", "true")
    scene.place.run("pull")

    def told():
        known = scene.known()
        return (
            known["train"]["run"] == "hpc/gan7"
            and sum(row["name"].startswith("more") for row in known.values()) >= 40
        )

    until(told, INTERVAL_S + WITHIN_S, "the second query")
    for program in ("squeue", "sacct"):
        calls = scene.lab.calls(program)
        assert len(calls) == 2, program
        assert calls[1] - calls[0] >= INTERVAL_S - 1
    late = scene.known()["late"]
    assert (late["state"], late["ended"].partition(" (")[0]) == ("TIMEOUT", "out of time")
    assert "hpc/gan7" in scene.place.run("jobs").stdout


def test_a_dead_controller_stalls_nothing(scene):
    scene.lab.end_controller()
    scene.start("dead")  # a host by another name has not been asked yet
    log, here = (
        folder / "gan7/metrics.csv" for folder in (scene.lab.home / "runs", scene.mirror / "dead/runs")
    )
    deadline = time.monotonic() + WITHIN_S
    while not scene.summary("dead").get("error"):
        with log.open("a") as file:
            file.write("6,0.6\n")
        until(lambda: here.exists() and here.read_bytes() == log.read_bytes(), 10, "pulls go on meanwhile")
        assert time.monotonic() < deadline, "it was asked"
    assert scene.summary("dead")["error"]["title"].startswith("squeue: ")
    assert scene.host("dead")["status"] == "connected"
    assert scene.place.log().count("squeue: ") == 1
    known = [
        row
        for row in json.loads(scene.place.run("jobs", "--host", "dead", "--json").stdout)
        if row["name"] == "late"
    ]
    assert [row["state"] for row in known] == ["TIMEOUT"], "the accounting answers all the same"
