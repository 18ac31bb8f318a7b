import pytest

from expsyncd.pull.outcome import TABLE, judge

# stderr recorded from rsync 3.5.0 and OpenSSH 9.2
CASES = [
    (0, "", "complete", ""),
    (
        23,
        'rsync: [sender] change_dir "/x/y" failed: No such file or directory (2)\nrsync error: (code 23)',
        "missing",
        "/x/y",
    ),
    (11, 'rsync: [receiver] write failed on "/r/a": No space left on device (28)\n', "disk", "no room"),
    (11, 'rsync: [receiver] write failed on "/r/a": File too large (27)\n', "partial", "grew"),
    (23, 'rsync: [receiver] mkstemp "/r/.a" failed: Read-only file system (30)\n', "disk", "read-only"),
    (2, "protocol version mismatch -- is your shell clean?\n", "give-up", "prints text"),
    (127, "bash: line 1: rsync: command not found\n", "give-up", "no rsync"),
    (12, "sh: 1: rsync: not found\nrsync: connection unexpectedly closed", "give-up", "no rsync"),
    (
        23,
        'rsync: [sender] send_files failed to open "/x/secret": Permission denied (13)',
        "partial",
        "/x/secret",
    ),
    (24, "file has vanished: x", "partial", "vanished"),
    (-9, "", "retry", "-9"),
    (255, "", "retry", "ssh"),
]


@pytest.mark.parametrize(("code", "stderr", "kind", "words"), CASES)
def test_judge(code, stderr, kind, words):
    outcome = judge(code, stderr, host="gpu1")
    assert outcome.kind == kind
    assert words in (outcome.trouble.title if outcome.trouble else "")
    assert kind == "complete" or outcome.trouble.advice


def test_every_row_has_a_reason():
    assert all(reason for _, reason in TABLE.values())


def test_what_a_start_up_file_prints_is_told_without_its_secrets():
    outcome = judge(12, "+ export WANDB_API_KEY=opensesame\nrsync error: …\n", host="gpu")
    assert outcome.trouble is not None
    assert "WANDB_API_KEY" in outcome.trouble.title
    assert "opensesame" not in outcome.trouble.title


def test_control_characters_of_the_host_do_not_survive():
    outcome = judge(13, "boom \x1b[31m red\n", host="h")
    assert "\x1b" not in outcome.trouble.title
