from expsyncd.cli.asked_words import gpus_words, jobs_words

GB = 1_000_000_000


def jobs(**more):
    return {
        "running": 2,
        "pending": 5,
        "failed_recently": 0,
        "next": None,
        "as_of": None,
        "error": None,
        **more,
    }


def gpu(index, use=0, processes=(), trouble="", memory=0):
    return {
        "index": index, "name": "A100", "use_percent": use, "memory_bytes": memory, "total_bytes": 40 * GB, "celsius": 30,
        "watts": 50.0, "processes": [{"pid": 1, "user": user, "name": "python", "memory_bytes": None} for user in processes],
        "trouble": trouble,
    }  # fmt: skip


def test_jobs():
    assert jobs_words(None) is None
    assert jobs_words(jobs()) == ("2 running, 5 pending", "")
    following = {"job": "7_[1-3]", "name": "gan", "reason": "waits for free resources", "expected_at": None}
    assert jobs_words(jobs(failed_recently=1, next=following)) == (
        "2 running, 5 pending, 1 failed today; next 7_[1-3] gan: waits for free resources",
        "",
    )


def test_jobs_before_the_first_answer_and_without_one():
    nothing = jobs(running=None, pending=None, failed_recently=None)
    assert jobs_words(nothing) == ("Slurm is not asked yet", "")
    dead = {"title": "squeue: no answer in time", "advice": "nothing"}
    assert jobs_words({**nothing, "error": dead}) == ("", "squeue: no answer in time -> nothing")


def test_gpus():
    assert gpus_words(None) is None
    four = [gpu(0, 97, ["anna"], memory=30 * GB), gpu(1, 0, ["anna", "anna"]), gpu(2, 50), gpu(3, 3)]
    state = {"gpus": four, "as_of": None, "error": None}
    assert gpus_words(state) == ("3 of 4 GPUs in use, 30.0 GB of 160 GB; anna 2", "")
    assert gpus_words({"gpus": None, "as_of": None, "error": None}) == ("not asked yet", "")


def test_a_gpu_that_is_not_well_and_one_without_figures():
    one = {**gpu(1, None, [""], "needs a reset"), "memory_bytes": None, "total_bytes": None}
    said = ("1 of 1 GPU in use; ? 1; GPU 1: needs a reset", "")
    assert gpus_words({"gpus": [one], "as_of": None, "error": None}) == said
