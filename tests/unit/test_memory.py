"""What is free goes back where the C library can do that, and nothing breaks where it cannot."""

from __future__ import annotations

import ctypes
import platform
from types import SimpleNamespace

import pytest

from expsyncd.memory import KEPT, LARGE, give_back


def test_one_arena_and_large_blocks_by_themselves():
    said = {}
    library = SimpleNamespace(mallopt=lambda option, value: said.update({option: value}) or 1)

    assert give_back(library)
    assert said == {-8: 1, -3: LARGE, -1: KEPT}


def test_one_option_that_is_refused_leaves_the_others():
    said = {}
    library = SimpleNamespace(mallopt=lambda option, value: said.update({option: value}) or int(option == -1))

    assert not give_back(library)
    assert len(said) == 3


def test_a_library_without_it_is_left_alone():
    assert not give_back(SimpleNamespace())


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_glibc_takes_the_options():
    assert give_back(ctypes.CDLL(None))
    assert give_back()
