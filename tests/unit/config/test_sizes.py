import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.config.sizes import format_size, parse_rate, parse_size


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("50MB", 50_000_000),
        ("2GiB", 2 << 30),
        ("10k", 10_000),
        ("10KiB", 10240),
        ("1.5 GB", 1_500_000_000),
        ("0", 0),
        ("123", 123),
        ("7 B", 7),
        ("1mb", 1_000_000),
        ("0.1TB", 10**11),
    ],
)
def test_reads(text, count):
    assert parse_size(text) == count


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "50MB"),
        ("-1", "50MB"),
        ("5 disks", "50MB"),
        ("5i", "50MB"),
        ("5Mb", "means bits"),
        ("1e3", "50MB"),
        ("9999999P", "larger than any disk"),
        ("9" * 5000, "50MB"),
    ],
)
def test_refuses_with_advice(text, advice):
    with pytest.raises(ValueError, match=advice):
        parse_size(text)


def test_rates_are_bytes_a_second():
    assert parse_rate("5MB") == parse_rate("5MB/s") == parse_rate("5 MB /s") == 5_000_000
    with pytest.raises(ValueError, match="under 1kB"):
        parse_rate("999")


@given(st.integers(0, 10**17))
def test_formatted_is_read_back(count):
    assert parse_size(format_size(count)) == count
