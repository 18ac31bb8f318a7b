"""What the files of a run say together."""

from expsyncd.runs.find import FileSeen, RunSeen
from expsyncd.runs.gather import gather
from expsyncd.runs.stalls import End
from expsyncd.state.readings import Reading


def gathered(*files, kind="tensorboard", note=""):
    seen, readings = [], {}
    for path, file_kind, held, *notes in files:
        file = FileSeen("gpu", "exp", path, file_kind, 1, 5_000_000_000)
        seen.append(file)
        readings[file.address] = Reading("gpu", "exp", path, held=held, note="".join(notes))
    run = RunSeen("gpu", "exp", b"a", kind, tuple(seen), note=note)
    found, settings = gather(run, readings)
    return found, {row.name: (row.value, row.told_by) for row in settings}


def test_settings_and_who_told_them():
    _, settings = gathered(
        (b"a/e", "events", {"hparams": {"settings": {"lr": "0.1", "only": "1"}}}),
        (b"a/args.json", "settings", {"settings": {"lr": "1e-1"}}),
        (b"a/.hydra/config.yaml", "settings", {"settings": {"seed": "3"}}),
    )
    assert settings == {
        "lr": ("1e-1", "args.json"), "seed": ("3", ".hydra/config.yaml"), "only": ("1", "hparams"),
    }  # fmt: skip


def test_witnesses_of_an_end_the_best_first():
    found, _ = gathered(
        (b"a/e", "events", {"hparams": {"ended": "failure", "ended_at": 7.0}}),
        (b"a/cout.txt", "log", {"ended": "finished", "why": "Training done"}),
        (b"a/run.json", "sacred-run", {"ended": "failed", "why": "it failed", "ended_at": 9.0}),
    )
    assert found.ends == (
        End("failed", "it failed", 9.0),
        End("failed", "its hparams say failure", 7.0),
        End("finished", "its log ends with: Training done", 5.0),
    )


def test_times_and_gaps_over_all_files():
    found, _ = gathered(
        (b"a/e1", "events", {"began": 50.0, "gaps": {"1": [3, 6.0]}}),
        (b"a/e2", "events", {"began": 90.0, "gaps": {"1": [1, 2.0]}, "hparams": {"began_at": 40.0}}),
        (b"a/run.json", "sacred-run", {"began_at": 60.0, "beat_at": 95.0}),
    )
    assert (found.began_at, found.beat_at, found.gaps) == (40.0, 95.0, {1: (4, 8.0)})


def test_troubles_name_their_file_and_are_bounded():
    found, _ = gathered(*((b"a/%d" % n, "events", {}, "bad") for n in range(7)), note="many")
    assert found.trouble == "many; 0: bad; 1: bad; 2: bad; 3: bad (and 3 more)"


def test_words_of_files_are_harmless():
    found, _ = gathered((b"a/run.json", "sacred-run", {"ended": "failed", "why": "\x1b[2Jx"}, "\x1b]0;y"))
    assert found.ends[0].why == "\\x1b[2Jx"
    assert found.trouble == "run.json: \\x1b]0;y"


def test_a_table_run_has_a_table_of_metrics():
    assert gathered((b"a/x.csv", "table", {"columns": ["step"]}), kind="table")[0].measures
    assert not gathered((b"a/x.csv", "table", {"no_table": "why"}), kind="table")[0].measures
