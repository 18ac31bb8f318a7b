from datetime import UTC, datetime

import pytest

from expsyncd.cli.versions import newest
from expsyncd.errors import Error
from expsyncd.state.facts import Version


def kept(number, path):
    return Version(number, "gpu", "logs", path, datetime(2026, 1, number, tzinfo=UTC), 3, b"", "replaced")


KEPT = [kept(1, b"a/log.csv"), kept(2, b"a/log.csv"), kept(3, b"a/log.csv.bak"), kept(4, b"b/log.csv")]


@pytest.mark.parametrize(
    ("what", "number"), [("gpu/logs/a/log.csv", 2), ("csv.bak", 3), ("b/log", 4), ("*/b/*", 4)]
)
def test_the_newest_of_one_file(what, number):
    assert [version.id for version in newest(KEPT, what)] == [number]


def test_never_one_of_several_files():
    with pytest.raises(Error, match="may be several files") as error:
        newest(KEPT, "a/log.csv")
    assert "gpu/logs/a/log.csv, gpu/logs/a/log.csv.bak" in error.value.advice
    assert newest(KEPT, "other") == []
