"""Loading hosts.yaml: one fault a file in bad/, whole files in good/, and bytes that are no text."""

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest

from expsyncd.config.load import LARGEST_FILE, ConfigError, load, parse
from expsyncd.config.model import Config, Cron, Every, SlurmConfig
from expsyncd.errors import EXIT_CONFIG
from expsyncd.paths import shipped

HERE = Path(__file__).parent
EXPECTED = re.compile(r"# ([0-9]+):([0-9]+): (.+)")


def problems(text: bytes | str):
    with pytest.raises(ConfigError) as caught:
        parse(text.encode() if isinstance(text, str) else text, "hosts.yaml")
    return caught.value.problems


@pytest.mark.parametrize("path", sorted((HERE / "bad").glob("*.yaml")), ids=lambda path: path.stem)
def test_bad_file_is_refused_at_its_place_with_its_words(path):
    expected = EXPECTED.match(path.read_text())
    assert expected, "the first line says LINE:COLUMN: WORDS"
    with pytest.raises(ConfigError) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert f"{problem.line}:{problem.column}" == f"{expected[1]}:{expected[2]}", str(problem)
    assert expected[3] in problem.message
    assert str(problem) == f"{path}:{problem.line}:{problem.column}: {problem.message}"


@pytest.mark.parametrize("path", sorted((HERE / "good").glob("*.yaml")), ids=lambda path: path.stem)
def test_good_file_loads(path):
    assert isinstance(load(path), Config)


def test_the_two_folders_are_there():
    assert len(list((HERE / "bad").glob("*.yaml"))) > 80
    assert len(list((HERE / "good").glob("*.yaml"))) >= 7


def test_nothing_written_is_the_default_config():
    for name in ("empty", "comments", "hosts-blank"):
        assert load(HERE / "good" / f"{name}.yaml") == Config()


def test_a_host_may_have_nothing_to_pull():
    hosts = load(HERE / "good" / "host-without-sources.yaml").hosts
    assert [(host.name, host.ssh, host.sources) for host in hosts.values()] == [
        ("gpu1", "gpu1", ()),
        ("gpu2", "gpu2", ()),
    ]


def test_short_and_long_forms():
    config = load(HERE / "good" / "design.yaml")
    gpu1, hpc = config.hosts["gpu1"], config.hosts["hpc"]
    assert [(source.name, source.path) for source in gpu1.sources] == [
        ("tb_log", "~/gan/tb_log"),
        ("samples", "~/gan/samples"),
        ("gan-results", "~/gan/results"),
        ("*-tb_log", "/scratch/me/*/tb_log"),
    ]
    assert gpu1.sources[1].interval == Every(period=timedelta(seconds=30))
    assert gpu1.sources[1].max_size == 50_000_000
    assert gpu1.sources[2].include == ("*.csv", "*.txt")
    assert gpu1.journal == ("~/gan/run.sh",)
    assert hpc.ssh == "login.hpc.example"
    assert (hpc.forwards[0].local, hpc.forwards[0].remote) == ("6016", "10.11.12.13:6006")


def test_every_key_arrives_in_the_model():
    config = load(HERE / "good" / "everything.yaml")
    assert config.root == Path("/data/experiments")
    assert config.interval == Cron(line="*/5 8-18 * * mon,tue,wed,thu,fri")
    assert config.audit == Cron(line="30 3 * * *")
    assert (config.skip.patterns, config.skip.over) == (("*.pt",), 10_000)
    assert (config.min_free, config.max_entries) == (1_500_000_000, 1_000_000)
    assert (config.versions.count, config.versions.age, config.versions.size) == (
        5,
        timedelta(days=7),
        2 << 30,
    )
    assert config.allow_old_rsync is False
    board = config.tensorboard
    assert (board.port, board.memory_limit, board.scalars_only) == (7007, 1 << 30, True)
    assert (board.samples_per_plugin, board.extra_args) == ("scalars=1000", ("--window_title=mine",))
    host = config.hosts["me@10.0.0.5"]
    assert host.interval == Every(period=timedelta(hours=2, minutes=30))
    assert (host.bwlimit, host.follow, host.transport) == (5_000_000, False, "sftp")
    assert [source.name for source in host.sources] == ["tb_log"]
    assert [(f.local, f.remote, f.tensorboard) for f in host.forwards] == [
        ("[::1]:6016", "[fe80::1]:6006", False),
        ("6016", "localhost:6006", True),
    ]


def test_yaml_1_1_makes_nothing_of_names_and_paths():
    hosts = load(HERE / "good" / "yaml-traps.yaml").hosts
    assert list(hosts) == ["no", "yes", "007"]
    assert [source.path for source in hosts["no"].sources] == [
        "on", "0x10", "1e3", "2026-01-31", "12:30", ".5", "=",
    ]  # fmt: skip
    assert hosts["yes"].ssh == "10"
    assert (hosts["007"].slurm, hosts["007"].follow) == (SlurmConfig(), False)


def test_slurm_and_gpus_short_and_long():
    text = b"""
hosts:
  a: {slurm: true, gpus: true}
  b: {slurm: {interval: 5m, user: me}, gpus: {interval: 10s}}
  c: {slurm: {}, gpus: no}
"""
    hosts = parse(text, "hosts.yaml").hosts
    assert hosts["a"].slurm.interval == timedelta(minutes=2)
    assert hosts["a"].slurm.user is None
    assert hosts["a"].gpus.interval == timedelta(minutes=1)
    assert (hosts["b"].slurm.interval, hosts["b"].slurm.user) == (timedelta(minutes=5), "me")
    assert hosts["b"].gpus.interval == timedelta(seconds=10)
    assert hosts["c"].slurm == hosts["a"].slurm
    assert hosts["c"].gpus is None


def test_all_problems_at_once_in_the_order_of_the_file():
    found = problems("intervall: 60s\nroot: there\nhosts:\n  gpu1:\n    sources: [/, ~/a, a]\n    slurm: 7\n")
    assert [(problem.line, problem.column) for problem in found] == [
        (1, 1),
        (2, 7),
        (5, 15),
        (5, 23),
        (6, 12),
    ]


def test_what_the_error_says():
    error = ConfigError(problems("root: there\ninterval: 5\n"))
    assert error.exit_status == EXIT_CONFIG
    assert error.title.startswith("hosts.yaml:1:7: the root must be absolute")
    assert error.title.endswith("(and 1 more)")


def test_source_line_and_caret():
    (problem,) = problems("hosts:\n  gpu1:\n    slurm: perhaps  # ?\n")
    assert problem.excerpt() == "    slurm: perhaps  # ?\n           ^"


def test_a_long_line_is_cut_around_the_place():
    (problem,) = problems(f"skip: {{patterns: [{', '.join(['ab'] * 300)}], over: much}}")
    line, caret = problem.excerpt().split("\n")
    assert len(line) <= 160
    assert line[caret.index("^") :].startswith("much")


def test_messages_carry_no_terminal_escapes():
    (problem,) = problems('"\\e[31m": 1\n')
    assert problem.message.isprintable()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (b"root: ~/a\nhosts:\n  gpu\xff1:\n", (3, 6), "0xff is not UTF-8"),
        ("root: ~/a\n".encode("utf-16"), (1, 1), "UTF-16"),
        (b"root: ~/a\nhosts: \0\n", (2, 8), "U+0000"),
        (b"root: ~/a\n" * (LARGEST_FILE // 10 + 1), (1, 1), "over 1000 kB"),
        (b"[" * 500_000, (1, 41), "too deep"),
        (b"- " * 400_000, (1, 81), "too deep"),
        (b"{a: " * 200_000, (1, 161), "too deep"),
        (b"? " * 400_000, (1, 81), "too deep"),
        (b"- a\n" * 30_000, (20_000, 3), "too much"),
        (b'"\\Uffffffff": 1', (1, 4), "not YAML"),
        (b"%YAML " + b"9" * 5000 + b".1\n---\n", (1, 7), "not YAML"),
    ],
    ids=[
        "utf-8",
        "utf-16",
        "nul",
        "huge",
        "lists",
        "dashes",
        "mappings",
        "keys",
        "many",
        "escape",
        "version",
    ],
)
def test_bytes_that_are_no_config(text, place, words):
    (problem,) = problems(text)
    assert (problem.line, problem.column) == place
    assert words in problem.message


def test_an_alias_bomb_expands_to_nothing():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert any("aliases" in problem.message for problem in problems("\n".join(levels)))


def test_a_byte_order_mark_is_no_fault():
    assert parse(b"\xef\xbb\xbfinterval: 5m\n", "x").interval == Every(period=timedelta(minutes=5))


def test_windows_line_ends_count_as_one():
    (problem,) = problems("root: ~/a\r\ninterval: 60\r\n")
    assert (problem.line, problem.column) == (2, 11)


def test_more_problems_than_anybody_reads():
    assert len(problems("\n".join(f"k{n}: 1" for n in range(5000)))) == 100


@pytest.mark.parametrize(
    ("place", "words"), [("nothing.yaml", "expsyncd init"), (".", "irectory"), ("pipe", "not a file")]
)
def test_what_is_no_file(tmp_path, place, words):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / place)
    assert words in str(caught.value)


def test_the_sample_loads_and_names_no_host():
    assert load(shipped("hosts.yaml")).hosts == {}


def test_the_sample_with_its_comments_removed_loads():
    text = re.sub(r"(?m)^#(?=  )", "", shipped("hosts.yaml").read_text())
    config = parse(text.encode(), "hosts.yaml")
    assert [len(host.sources) for host in config.hosts.values()] == [4, 1]
