import pytest

from expsyncd.jobs.job import Job
from expsyncd.jobs.output import Folder, by_folder, expanded, literal, place, sound


def job(name="5", output="", **more):
    return Job(
        name,
        **{
            "number": "5",
            "state": "RUNNING",
            "start_at": 1.0,
            "folder": "/home/me",
            "output": output,
            **more,
        },
    )


@pytest.mark.parametrize(
    ("found", "path"),
    [
        (job(), "/home/me/slurm-5.out"),
        (job(output="/x/slurm-5.out"), "/x/slurm-5.out"),
        (job(output="log/%x-%j.txt", name="5"), ""),  # it has no name to put there
        (Job("5", "5", "gan", "RUNNING", start_at=1.0, folder="/home/me", output="log/%x-%4j.txt"), "/home/me/log/gan-0005.txt"),
        (job("9_3", number="12"), "/home/me/slurm-9_3.out"),
        (job("9_3", output="/home/me/slurm-12.out", number="12"), "/home/me/slurm-9_3.out"),
        (job("9_3", output="/o/%A_%a-%j", number="12"), "/o/9_3-12"),
        (job(output="/o/100%%-%u"), "/o/100%-me"),
        (job(output="/o/%N.out", nodes="n1"), "/o/n1.out"),
        (job(output="/o/%N.out", nodes="n[1-4]"), ""),
        (job(output="/o/%q.out"), ""),
        (job(output="/dev/null"), ""),
        (job(output="/o/a\\%j"), ""),
        (job(output="/o/../etc/passwd"), ""),
        (job("9_[1-3]"), ""),
        (job(state="PENDING"), ""),
        (job(start_at=None), ""),
    ],
)  # fmt: skip
def test_where_a_job_writes(found, path):
    assert expanded(found, "me")[0] == path


def test_errors_have_a_file_of_their_own_or_none():
    assert expanded(job(errors="/home/me/slurm-5.out"), "me")[1] == ""
    assert expanded(job(errors="/home/me/%j.err"), "me")[1] == "/home/me/5.err"


@pytest.mark.parametrize(
    "path", ["", "a", "/", "/a/", "/a/..", "/a/../b", "/a/.", "/dev/null", "/proc/1/mem", "/a\nb", "/a/\x1b[31m", "/" + "x" * 300]
)  # fmt: skip
def test_what_no_job_is_believed(path):
    assert not sound(path)


def test_the_deepest_source_that_takes_it_holds_it():
    outer = Folder("exp", "/home/me", lambda inside: inside.endswith(b".out"))
    inner = Folder("logs", "/home/me/logs/", lambda _: True)
    assert place("/home/me/logs/a.out", [outer, inner]) == ("logs", b"a.out")
    assert place("/home/me/a.out", [outer, inner]) == ("exp", b"a.out")
    assert place("/home/me/a.txt", [outer, inner]) is None
    assert place("/home/mean/a.out", [outer, inner]) is None


def test_files_by_folder():
    assert by_folder(["/a/2.out", "/a/1.out", "/b/1.out", "/dev/null", "/a/2.out"]) == {
        "/a": ("1.out", "2.out"), "/b": ("1.out",),
    }  # fmt: skip
    assert sum(map(len, by_folder(f"/a/{n}" for n in range(1000)).values())) == 200


def test_a_pattern_that_means_one_file():
    assert literal("slurm-5.out") == "/slurm-5.out"
    assert literal("a[1]*?.out") == "/a\\[1]\\*\\?.out"
    assert literal("a\\b") == "/a\\b"
