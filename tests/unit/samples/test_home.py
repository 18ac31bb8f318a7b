import pytest

from expsyncd.samples.home import LONGEST_NAME, Home, file_stem, homes

OTHERS = {b"exp1": [("tb_log", b"exp1")], b"twice": [("tb_log", b"a/twice"), ("logs", b"b/twice")]}


@pytest.mark.parametrize(
    ("folder", "home"),
    [
        (b"exp2/samples", Home("s", b"exp2", b"exp2")),
        (b"exp2", Home("s", b"exp2", b"exp2")),
        (b"exp2/inner/x", Home("s", b"exp2/inner", b"exp2/inner")),
        (b"exp1/out", Home("tb_log", b"exp1", b"exp1", "the run exp1 has its folder's name")),
        (b"deep/exp1", Home("tb_log", b"exp1", b"deep/exp1", "the run exp1 has its folder's name")),
        (b"twice", Home("s", b"twice", b"twice", "several runs have its folder's name (logs, tb_log)")),
        (b"nothing/x", Home("s", b"nothing", b"nothing", "no run is near: its folder's name")),
        (b"", Home("s", b"", b"", "no run is near: its folder's name")),
    ],
)
def test_the_run_that_encloses_it_else_the_one_of_its_name(folder, home):
    assert homes("s", [folder], {b"exp2", b"exp2/inner"}, OTHERS) == {folder: home}


def test_a_source_that_is_itself_a_run():
    assert homes("s", [b"out"], {b""}, OTHERS)[b"out"] == Home("s", b"", b"")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        (b"out/fake_epoch_{epoch}.png", "out.fake_epoch"),
        (b"{n}.png", "samples"),
        (b"epoch{epoch}_real_A.png", "epoch_real_A"),
        (b"a b\n\x1b[31m.png", "a_b_x0a_x1b_31m"),
        (b"../../etc/{n}.png", "etc"),
        (b".hidden.png", "hidden"),
        ("été_{n}.png".encode(), "été"),
    ],
)
def test_file_names_are_plain(name, stem):
    assert file_stem(name) == stem


def test_two_of_one_name_are_told_apart_and_none_is_too_long():
    assert file_stem(b"fake_{n}.jpg", {"fake"}).startswith("fake-")
    assert len(file_stem(b"x" * 300 + b".png").encode()) <= LONGEST_NAME
