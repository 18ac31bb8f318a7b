from expsyncd.jobs.question import Part, read, script

ANSWER = """\
Welcome to the cluster!
@guess user 0 root

@n0 user 1000 me

@n0 version slurm 22.05.8

@n0 squeue long
5\x1f5
@guess version of a job's name

@n0 squeue-ended 0

@n0 sacct lines

@n0 sacct-ended 1
sacct: error: Slurm accounting storage is disabled
@n0 place runs
/gpfs/me/exp/runs

@n0 place gone

"""


def test_the_answer_in_parts():
    found = read("n0", ANSWER)
    assert (found.uid, found.user, found.version, found.missing) == ("1000", "me", "slurm 22.05.8", False)
    assert found.queue == Part("long", "5\x1f5\n@guess version of a job's name\n", 0, "")
    assert found.accounts.code == 1
    assert found.accounts.complaint == "sacct: error: Slurm accounting storage is disabled"
    assert found.places == (("runs", "/gpfs/me/exp/runs"),)


def test_what_was_cut_off_has_no_end():
    found = read("n0", "\n@n0 user 0 root\n\n@n0 squeue json\n{")
    assert (found.queue.code, found.accounts) == (None, None)


def test_no_answer():
    assert read("n0", "This account is closed.\n") is None
    assert read("other", ANSWER) is None


def test_no_slurm():
    assert read("n0", "\n@n0 user 0 root\n\n@n0 missing\n").missing


def test_nothing_that_was_handed_in_is_expanded_by_the_shell():
    text = script(
        "n0", "o'b", 0, seconds=20, json=True, places={"a b": "~/$(touch x)", "home": "~", "q": "/a'b"}
    ).decode()
    assert "user='o'\"'\"'b'" in text
    assert "place 'a b' '$(touch x)'" in text
    assert "place home .\n" in text
    assert "-S now-1minutes" in text
    assert "%" not in {
        text[i : i + 1] for i in range(len(text)) if text[i : i + 8] in ("%SECONDS", "%MINUTES")
    }


def test_one_squeue_and_one_sacct_whatever_there_is():
    text = script("n0", None, 60, seconds=20, json=True, places={}).decode()
    branches = [line.strip() for line in text.splitlines() if "$(within" in line]
    assert sum("squeue" in line for line in branches) == 3, "one of three forms"
    assert sum("sacct" in line for line in branches) == 2, "one of two forms"
    assert "for " not in text
    assert "while " not in text
