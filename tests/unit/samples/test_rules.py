from datetime import timedelta

from expsyncd.config.model import Config, HostConfig, SamplesConfig, SourceConfig, SourceSamplesConfig
from expsyncd.samples.rules import Rules


def rules(own=None, **all_):
    source = SourceConfig(path="/s", name="s", samples=own or SourceSamplesConfig())
    host = HostConfig(name="gpu", ssh="gpu", sources=(source,))
    return Rules(Config(samples=SamplesConfig(**all_), hosts={"gpu": host}))


def test_all_images_are_samples_unless_said_otherwise():
    assert rules().takes("gpu", "s", b"a/b.png")
    assert rules().takes("gone", "s", b"b.png")
    assert not rules(enabled=False).takes("gpu", "s", b"b.png")
    assert not rules(SourceSamplesConfig(enabled=False)).takes("gpu", "s", b"b.png")
    own = rules(SourceSamplesConfig(ignore=("debug_*", "*.npy")))
    assert [own.takes("gpu", "s", p) for p in (b"x/Debug_1.png", b"x/1.NPY", b"x/1.png")] == [
        False,
        False,
        True,
    ]


def test_patterns_with_a_slash_are_about_paths():
    own = rules(SourceSamplesConfig(ignore=("exp1/real*", "debug", "*/val/*")))
    paths = (
        b"exp1/real_1.png",
        b"exp2/real_1.png",
        b"x/debug/1.png",
        b"x/debug.png",
        b"x/val/y/1.png",
        b"\xff.png",
    )
    assert [own.takes("gpu", "s", path) for path in paths] == [False, True, False, True, False, True]


def test_another_look_is_another_how():
    hows = {rules(**words).how("gpu", "s") for words in ({}, {"cap": 7}, {"labels": False}, {"webp": True})}
    assert len(hows) == 4


def test_a_source_overrides_what_is_said_for_all():
    look = rules(
        SourceSamplesConfig(cap=9, delay=timedelta(seconds=1)), cap=20, width=64, labels=False
    ).look_of("gpu", "s")
    assert (look.cap, look.width, look.fps, look.labels) == (9, 64, 1.0, False)
    assert rules(cap=20).look_of("gpu", "s").cap == 20


def test_the_matches_of_a_glob_go_by_it():
    found = rules(SourceSamplesConfig(pattern=r"(?P<step>\d+)"))
    assert found.pattern_of("gpu", "s-exp1").pattern == r"(?P<step>\d+)"
    assert found.pattern_of("gpu", "other") is None
