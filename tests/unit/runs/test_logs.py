"""Which file is the log, and the last lines of logs."""

import pytest

from expsyncd.runs.logs import LINE_LONGEST, ended, log_of

TRACE = "Traceback (most recent call last):\n  File 'train.py', line 3, in <module>\n    main()\n"


@pytest.mark.parametrize(
    ("names", "log"),
    [
        ([b"a.png", b"train.log", b"x.log"], b"train.log"),
        ([b"slurm-7.out", b"slurm-12.out"], b"slurm-12.out"),
        ([b"run_9.log", b"run_10.log", b"run_2.log"], b"run_10.log"),
        ([b"slurm-99999.out", b"slurm-100000.out", b"a.log"], b"slurm-100000.out"),
        ([b"slurm-1200.out", b"slurm-1199.out"], b"slurm-1200.out"),
        ([b"wandb-debug.log", b"stderr.log"], b""),
        ([b"main.log"], b"main.log"),
        ([], b""),
    ],
)
def test_the_log_of_a_folder(names, log):
    assert log_of(names) == log


@pytest.mark.parametrize(
    "tail",
    [
        TRACE + "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB\n",
        TRACE + "torch.cuda.OutOfMemoryError: CUDA out of memory.\n",
        TRACE + "KeyboardInterrupt\n",
        TRACE + "AssertionError\n",
        "step 3\nslurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***\n",
        "step 3\nSegmentation fault (core dumped)\n",
        "step 3\nKilled\n",
        "step 3\nslurmstepd: error: Detected 1 oom_kill event in StepId=12.0.\n",
        "step 3\nsrun: error: n1: task 0: Out Of Memory\n",
    ],
)
def test_unmistakable_failures(tail):
    assert (ended(tail) or "nothing")[0] == "failed"


@pytest.mark.parametrize(
    "tail",
    [
        "epoch 9\nTraining finished.\n",
        "epoch 9\n[2026-01-01 10:00:00] Training completed successfully\n",
        "INFO - train - Training done in 3h 20m\n",
        "2026-01-01 10:00:00,123 INFO: training is complete!\n",
        "Finished training\n",
    ],
)
def test_unmistakable_ends(tail):
    assert (ended(tail) or "nothing")[0] == "finished"


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "epoch 3 loss 0.5\n",
        TRACE + "ValueError: bad batch\nskipping this batch\nepoch 4 loss 0.3\n",
        "epoch 3 done\n",
        "Training epoch 3 of 9 finished\n",
        "done loading data\n",
        "RuntimeError: printed by somebody without a traceback\n",
        "training will be finished in 3 h\n",
        "the process was Killed by\n",
        "[Epoch 5/90] Training done\n",
        "fold 2 of 5: training finished in 3 min\n",
        "[stage 1] > training complete\n",
        "| WARNING: ran out of memory in validation step, retrying batch\nepoch 4 loss 0.3\n",
        "OOM: CUDA out of memory. Tried to allocate 2 GiB\nskipping this batch\n",
    ],
)
def test_what_may_mean_anything(tail):
    assert ended(tail) is None


TOKEN = "hf_QzXkPvBnWmRtYuIoLkJhGfDsAzXcVbNm12"


@pytest.mark.parametrize(
    "tail",
    [
        f"slurmstepd: error: *** JOB 7 CANCELLED {'x' * 130} {TOKEN} {'x' * 99}\n",
        f"run with --api_key opensesame {'x' * 170}: training finished\n",
    ],
)
def test_a_line_is_cut_after_its_secrets_are_out(tail):
    end = ended(tail)
    assert end is not None
    assert not any(secret in end[1] for secret in (TOKEN[:8], "opensesame"))
    assert len(end[1]) <= LINE_LONGEST
