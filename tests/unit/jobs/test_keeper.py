"""How the keeper takes what a host answers; that it really asks one is shown by integration/test_asks."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from expsyncd.config.model import SlurmConfig
from expsyncd.errors import Error
from expsyncd.jobs.keeper import Means, SlurmKeeper
from expsyncd.jobs.ledger import Ledger
from expsyncd.process import Completed
from expsyncd.state.facts import Facts
from support.wait import eventually

JOB = {
    "job_id": 5,
    "job_state": "RUNNING",
    "name": "gan",
    "start_time": 1,
    "current_working_directory": "/home/me",
}
LINE = "\x1f".join(
    [
        "5",
        "5",
        "RUNNING",
        "2026-11-26T10:00:00",
        *["N/A"] * 5,
        "gpu",
        "n1",
        "",
        "",
        "",
        "",
        "/home/me",
        "",
        "gan",
    ]
)


class Time:
    at = datetime(2026, 11, 26, tzinfo=UTC)

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()


class Thread:
    async def run(self, function, *args):
        return function(*args)


class Host:
    """Answers each question with the next of `answers`: parts by name, or an error of the connection."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked: list[str] = []

    async def command(self, _remote, *, data=None, timeout_s, limit=0):
        assert timeout_s <= 60
        text = data.decode()
        self.asked.append(text)
        answer = self.answers.pop(0)
        if isinstance(answer, Error):
            raise answer
        (nonce,) = set(re.findall(r"@(\w+) %s", text))
        printed = "".join(f"\n@{nonce} {heading}\n{body}" for heading, body in answer)
        return Completed(0, printed.encode(), b"", cut=len(printed) > limit)


class Sources:
    def __init__(self):
        self.wished = None

    def paths(self):
        return {"runs": "~/runs"}

    def folders(self, _physical):
        return []

    def request_files(self, wished):
        self.wished = wished

    def turn(self):
        return asyncio.Lock()


class Scene:
    def __init__(self, facts, *answers):
        self.host, self.sources, self.clock = Host(*answers), Sources(), Time()
        self.shown: list[Any] = []
        thread: Any = Thread()
        host: Any = self.host
        means = Means(Ledger(facts.jobs, list), thread, self.clock, str)
        self.keeper = SlurmKeeper("hpc", SlurmConfig(), host, self.sources, means, self.shown.append)

    async def ask(self):
        """The state after the next answer."""
        await self.keeper._ask()
        self.clock.at += timedelta(hours=1)
        return self.shown[-1]

    async def begin(self, *, commands=True):
        """The state when a connection begins and nothing is to be asked."""
        async with asyncio.TaskGroup() as group:
            running = group.create_task(self.keeper.run(commands=commands, alone=False))
            await eventually(lambda: self.shown, within=5)
            running.cancel()
        return self.shown[-1]


@pytest.fixture
def facts(tmp_path):
    found = Facts.open(tmp_path / "facts.db")
    yield found
    found.close()


def told(form, output, code=0, said="", sacct=()):
    return [
        ("user 0 root", ""),
        ("version slurm", ""),
        (f"squeue {form}", output),
        (f"squeue-ended {code}", said),
        *sacct,
    ]


def as_json(*jobs):
    return json.dumps({"jobs": jobs})


async def test_an_answer_is_shown_kept_and_wished(facts):
    scene = Scene(facts, told("json", as_json(JOB)))
    state = await scene.ask()
    assert (state.running, state.pending, state.error) == (1, 0, None)
    assert scene.sources.wished == {"/home/me": ("slurm-5.out",)}
    assert [row.name for row in facts.jobs.known()] == ["gan"]


@pytest.mark.parametrize(
    "first",
    [told("json", "{broken"), told("json", "", 1, "squeue: error: plugin"), told("json", "")[:3]],
    ids=["broken", "no plugin", "cut off"],
)
async def test_where_json_fails_text_is_asked_for_from_then_on(facts, first):
    scene = Scene(facts, first, told("long", LINE))
    state = await scene.ask()
    assert state.error.title.startswith("squeue: ")
    state = await scene.ask()
    assert (state.running, state.error) == (1, None)
    assert "[ yes = yes ]" in scene.host.asked[0]
    assert "[ no = yes ]" in scene.host.asked[1]


async def test_a_dead_controller_keeps_what_was_known(facts):
    dead = told("long", "", 1, "slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
    scene = Scene(facts, told("long", LINE), dead, told("long", "", 124))
    await scene.ask()
    state = await scene.ask()
    assert (
        state.error.title
        == "squeue: slurm_load_jobs error: Unable to contact slurm controller (connect failure)"
    )
    assert state.running == 1
    assert (await scene.ask()).error.title == "squeue: no answer in time"


async def test_accounting_that_is_down_is_said_and_that_there_is_none_is_not(facts):
    down = [("sacct text", ""), ("sacct-ended 1", "sacct: error: Problem talking to the database")]
    none = [("sacct text", ""), ("sacct-ended 1", "Slurm accounting storage is disabled")]
    scene = Scene(facts, told("long", LINE, sacct=down), told("long", LINE, sacct=none))
    state = await scene.ask()
    assert (state.running, state.error.title) == (1, "sacct: sacct: error: Problem talking to the database")
    assert (await scene.ask()).error is None


async def test_a_shell_that_runs_nothing_and_a_host_without_slurm(facts):
    scene = Scene(facts, [], [("user 0 root", ""), ("missing", "")])
    assert (await scene.ask()).error.title == "Slurm could not be asked: it said nothing"
    assert "squeue is not on the PATH" in (await scene.ask()).error.title


async def test_a_lost_connection_is_no_trouble_of_slurms(facts):
    scene = Scene(facts, Error("not connected"), told("long", LINE))
    with pytest.raises(IndexError):  # nothing is shown
        await scene.ask()
    assert (await scene.ask()).running == 1


async def test_a_login_without_commands_is_not_asked(facts):
    scene = Scene(facts)
    state = await scene.begin(commands=False)
    assert state.error.title == "Slurm cannot be asked: this login runs no commands"
    scene.keeper.apply(None)
    assert scene.shown[-1] is None


async def test_sacct_looks_back_as_far_as_it_was_not_heard(facts):
    fine = [("sacct text", ""), ("sacct-ended 0", "")]
    scene = Scene(facts, told("long", LINE, sacct=fine), told("long", LINE, sacct=fine))
    await scene.ask()
    await scene.ask()
    assert [re.findall(r"now-(\d+)minutes", text)[0] for text in scene.host.asked] == ["4320", "75"]


async def test_sacct_is_heard_after_weeks_away(facts):
    fine = [("sacct text", ""), ("sacct-ended 0", "")]
    scene = Scene(facts, *[told("long", LINE, sacct=fine)] * 3)
    facts.jobs.note_asked("hpc", (scene.clock.at - timedelta(days=10)).timestamp())
    await scene.keeper._remember()
    await scene.ask()
    scene.clock.at += timedelta(days=5)
    await scene.ask()
    scene.clock.at += timedelta(days=300)
    await scene.ask()
    days = [int(re.findall(r"now-(\d+)minutes", text)[0]) // 1440 for text in scene.host.asked]
    assert days == [10, 5, 30]


async def test_a_daemon_that_starts_again_knows_and_keeps_the_pause(facts):
    facts.jobs.note_asked("hpc", Time.at.timestamp())
    scene = Scene(facts, told("long", LINE))
    await scene.ask()
    facts.jobs.put(
        [
            row.__class__(**{**vars(row), "log_source": "slurm-me-1", "log": b"slurm-5.out"})
            for row in facts.jobs.known()
        ]
    )
    later = Scene(facts)
    later.clock.at = scene.clock.at - timedelta(hours=1)
    state = await later.begin()
    assert (later.host.asked, state.running) == ([], 1)
    assert later.sources.wished == {"/home/me": ("slurm-5.out",)}, "it goes on being pulled"
