import typing

from expsyncd.state import status

WORDS = {
    status.SourceStatus: ["never", "pulling", "fresh", "stale", "partial", "suspect", "failed"],
    status.HostStatus: ["connecting", "connected", "waiting", "needs-login", "paused", "failed"],
}


def test_the_closed_unions_have_exactly_these_words():
    for union, words in WORDS.items():
        assert [case.word for case in typing.get_args(union)] == words
