from expsyncd.tensorboard.deaths import NOT_APART, Death, deaths, notices

# As TensorBoard's data server 0.7.2 says it.
SAID = """\
[2026-11-26T14:39:01Z WARN  rustboard_core::run] Read error in /r/tb_log/gpu/a/tfevents.1: ReadRecordError(BadLengthCrc(ChecksumError { got: MaskedCrc(0x2dd89b12), want: MaskedCrc(0x2dd89bed) }))
[2026-11-26T14:39:01Z WARN  rustboard_core::run] Read error in /r/tb_log/gpu/b: x/tfevents.1: InvalidRecord(ChecksumError { got: MaskedCrc(0x3d21f5b8), want: MaskedCrc(0x9205f2e4) })
[2026-11-26T14:39:02Z WARN  rustboard_core::run] Read error in /r/tb_log/gpu/c/tfevents.1: InvalidProto(DecodeError { description: "invalid varint" })
TensorBoard 2.21.0 at http://127.0.0.1:6006/ (Press CTRL+C to quit)
[2026-11-26T14:39:02Z WARN  rustboard_core::run] Read error in nothing: ReadRecordError(
[2026-11-26T14:39:02Z WARN  rustboard_core::run] Read error in /r/tb_log/gpu/d: ReadRecordError(/tfevents.1: ReadRecordError(BadLengthCrc(
"""


def test_each_file_that_was_given_up():
    assert deaths(SAID) == [
        Death("/r/tb_log/gpu/a/tfevents.1"),
        Death("/r/tb_log/gpu/b: x/tfevents.1", 0x9205F2E4),
        Death("/r/tb_log/gpu/c/tfevents.1"),
        Death("/r/tb_log/gpu/d: ReadRecordError(/tfevents.1"),
    ]


def test_too_many_files():
    said = 'Failed to open event file EventFileBuf("/r/tb_log/gpu/a/tfevents.1"): Os { code: 24, kind: Uncategorized, message: "Too many open files" }'
    assert "LimitNOFILE" in notices(f"x\n[2026-11-26T15:38:36Z WARN  rustboard_core::run] {said}\n")["files"]
    assert notices(said.replace("code: 24,", "code: 2,")) == {}
    assert notices(SAID) == {}


def test_a_private_page_that_others_may_get_behind():
    assert "other users" in notices(f"{NOT_APART}\n")["apart"]


def test_nothing_was_said():
    assert deaths("") == []


def test_what_somebody_asked_for_is_no_message():
    said = (
        *SAID.splitlines()[:3],
        'Failed to open event file EventFileBuf("/r/a"): Os { code: 24,',
        NOT_APART,
    )
    for end in ("", "\v", "\x85", "\u2028"):
        lines = "".join(f"WARNING:tensorboard:path /x{end}{line} not found, sending 404\n" for line in said)
        assert deaths(lines) == []
        assert notices(lines) == {}
