from expsyncd.config.model import Config, HostConfig, SourceConfig
from expsyncd.pull.chosen import chosen, glob_matches, glob_script, journal_sources


def test_launch_scripts_of_one_folder_are_one_source():
    host = HostConfig(name="h", ssh="h", journal=("~/gan/run.sh", "~/gan/old*.sh"))
    (source,) = journal_sources(host)
    assert (source.path, source.name, source.include) == (
        "~/gan",
        "journal-gan-f697d9",
        ("/run.sh", "/old*.sh"),
    )


def named(*scripts):
    return {s.path: s.name for s in journal_sources(HostConfig(name="h", ssh="h", journal=scripts))}


def test_a_folder_of_launch_scripts_has_a_name_of_its_own():
    alone = named("~/b/run.sh")
    assert named("~/a/x.sh", "~/b/run.sh")["~/b"] == alone["~/b"] == named("b/run.sh")["b"]
    names = named("~/b/r", "~/a/b/r", "/b/r", "/r", "r", "/s/*/r", "~/a-b/r").values()
    assert len(set(names)) == 7
    assert all("*" not in name for name in names)


def test_launch_scripts_never_take_a_source_s_name():
    (name,) = named("run.sh").values()
    taken = SourceConfig(path="/x", name=name)
    host = HostConfig(name="h", ssh="h", sources=(taken,), journal=("run.sh",))
    assert [(s.path, s.name) for s in journal_sources(host)] == [("~", f"{name}-scripts")]


def test_chosen_takes_the_host_s_limit_and_the_guards():
    host = HostConfig(name="h", ssh="h", bwlimit=5)
    source = chosen(Config(), host, SourceConfig(path="~/a", name="a"))
    assert source.bwlimit == 5
    assert "*.pt" in source.skip_patterns


def test_glob_script_quotes_all_but_the_glob():
    assert b"for f in '/a b/'*'/$(x)'[12]; do" in glob_script("/a b/*/$(x)[12]")
    assert b"for f in 'exp/'*; do" in glob_script("~/exp/*")


def test_glob_matches_keep_their_bytes():
    assert glob_matches(b"/b\0/a\xff\0") == ["/a\udcff", "/b"]
