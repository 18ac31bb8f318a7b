"""What every transport promises: the same listing, the same mirror, no byte lost. Real sshd, no daemon."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil

import pytest

from expsyncd.errors import Error
from expsyncd.pull.audit import choose
from expsyncd.pull.carrier import Stopped
from expsyncd.pull.outcome import Outcome
from expsyncd.state.status import Trouble
from support.place import content
from support.pulls import HOSTS, world

ODD = [b"new\nline", b"-dash", b"$(touch X)", b"quote'\"", b"\xff\xfe", b"\x1b[31m", b"n" * 255, "ünï".encode(),
       b"[x]*?", b"back\\slash", b" spaces "]  # fmt: skip
OLD_TIME = 1_600_000_000


@pytest.fixture(params=HOSTS)
async def pulls(request, make_sshd, short_folder):
    async with world(short_folder, make_sshd(**HOSTS[request.param])) as found:
        found.transport = request.param
        yield found


def write(folder, files, *, time=None):
    for name, data in files.items():
        path = os.path.join(os.fsencode(folder), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        if time is not None:
            os.utime(path, (time, time))


def mixed():
    return {
        **{name: name for name in ODD},
        b"deep/er/and/deeper/file.bin": os.urandom(300_000),
        b"empty.txt": b"",
        b"train.log": b"line\n" * 20_000,
        b"events.out.tfevents.1.host": os.urandom(70_000),
        b"zeros.npy": bytes(500_000) + b"end",
        b"large.bin": os.urandom(9_000_000),
        **{b"samples/%04d.png" % number: os.urandom(2_000) for number in range(300)},
    }


async def test_a_mixed_tree_arrives_byte_equal_private_and_with_its_times(pulls):
    tree = mixed()
    write(pulls.there, tree, time=OLD_TIME)
    (pulls.there / "link").symlink_to("/etc/passwd")
    os.mkfifo(pulls.there / "pipe")
    pull = await pulls.settled()
    assert content(pulls.here) == tree
    assert (pull.tally.files, pull.tally.bytes) == (len(tree), sum(map(len, tree.values())))
    assert {path for path, _, _ in pull.left} == {"link", "pipe"}
    for path in pulls.here.rglob("*"):
        status = path.lstat()
        assert status.st_mode & 0o7777 == (0o700 if path.is_dir() else 0o600)
        assert path.is_dir() or status.st_mtime == OLD_TIME
    again = await pulls.settled()
    assert (again.plan.files, again.gone) == (0, [])
    assert list(pulls.ground.paths.incoming.iterdir()) == []
    assert content(pulls.versions) == {}


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ({"include": ("*.csv",)}, {"a.csv", "sub/b.csv"}),
        ({"include": ("/sub/***",)}, {"sub/b.csv", "sub/c.txt", "sub/deep/d.txt"}),
        ({"exclude": ("sub",)}, {"a.csv", "e.txt"}),
        ({"exclude": ("*.txt", "/a.csv")}, {"sub/b.csv"}),
        ({"include": ("/a.csv", "/none")}, {"a.csv"}),
    ],
)
async def test_patterns_choose_the_same_files(pulls, patterns, expected):
    names = ["a.csv", "sub/b.csv", "sub/c.txt", "sub/deep/d.txt", "e.txt", "projector_config.pbtxt"]
    write(pulls.there, {name: name.encode() for name in names})
    await pulls.settled(**patterns)
    assert {os.fsdecode(path) for path in content(pulls.here)} == expected
    # What a pattern leaves out now is not gone.
    assert (await pulls.settled(include=("*.csv",))).gone == []


async def test_what_grew_is_appended_in_place_and_leaves_no_version(pulls):
    write(pulls.there, {"log": b"", "train.log": os.urandom(200_000), "events.tfevents.1": b"e" * 1000})
    await pulls.settled()
    before = {name: (pulls.here / name).stat().st_ino for name in ("train.log", "events.tfevents.1")}
    for name in before:
        with (pulls.there / name).open("ab") as file:
            file.write(os.urandom(100_000))
    pull = await pulls.settled()
    assert content(pulls.here) == content(pulls.there)
    assert {name: (pulls.here / name).stat().st_ino for name in before} == before
    assert pull.tally.bytes == 200_000
    assert content(pulls.versions) == {}
    assert pulls.events == []


async def test_what_was_replaced_is_kept_and_event_files_leave_the_view_first(pulls):
    old = {
        "a.png": b"old",
        "events.tfevents.1": b"old events" * 10,
        "longer.csv": b"old\n" * 10,
        "shrunk.log": b"l" * 99,
    }
    write(pulls.there, old)
    await pulls.settled()
    new = {"a.png": b"other", "events.tfevents.1": b"new events, more of them" * 10, "longer.csv": b"new!\n" * 100,
           "shrunk.log": b"l"}  # fmt: skip
    write(pulls.there, new)
    pull = await pulls.settled()
    assert content(pulls.here) == {name.encode(): data for name, data in new.items()}
    assert set(content(pulls.versions).values()) == set(old.values())
    assert pull.kept == 4
    assert [(word, [path.name for path in paths]) for word, paths in pulls.events] == [
        ("replacing", ["events.tfevents.1"]),
        ("replaced", ["events.tfevents.1"]),
    ]


async def test_files_folders_and_links_change_places(pulls):
    write(pulls.there, {"to_folder": b"file", "to_file/inner": b"inner", "to_link": b"not a link"})
    await pulls.settled()
    (pulls.there / "to_folder").unlink()
    shutil.rmtree(pulls.there / "to_file")
    (pulls.there / "to_link").unlink()
    (pulls.there / "to_link").symlink_to("/etc/passwd")
    write(pulls.there, {"to_folder/now": b"inside", "to_file": b"a file"})
    assert (await pulls.pull()).outcome.kind in ("complete", "partial")  # rsync's listing stumbles once
    await pulls.settled()
    assert content(pulls.here) == {
        b"to_folder/now": b"inside",
        b"to_file": b"a file",
        b"to_link": b"not a link",
    }
    assert {b"file", b"inner"} <= set(content(pulls.versions).values())


async def test_a_link_in_an_adopted_mirror_leads_nowhere(pulls, tmp_path):
    write(pulls.there, {"folder/file": b"from the host", "file": b"from the host"})
    pulls.here.mkdir(parents=True)
    (tmp_path / "victim").write_bytes(b"mine")
    (pulls.here / "folder").symlink_to(tmp_path)
    (pulls.here / "file").symlink_to(tmp_path / "victim")
    await pulls.settled()
    assert content(pulls.here) == content(pulls.there)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["victim"]
    assert (tmp_path / "victim").read_bytes() == b"mine"


async def test_what_was_rewritten_within_the_second_comes_with_the_next_pull(pulls):
    for name in ("young.png", "young.csv"):
        write(pulls.there, {name: b"A" * 1000})
    second = int((pulls.there / "young.png").stat().st_mtime)
    await pulls.settled()
    for name in ("young.png", "young.csv"):
        write(pulls.there, {name: b"B" * 1000})
        # Within the same second, as far as a host tells that speaks of whole ones only.
        os.utime(pulls.there / name, ns=(0, second * 10**9 + 999_999_999))
    await pulls.settled()
    assert content(pulls.here) == content(pulls.there)
    assert set(content(pulls.versions).values()) == {b"A" * 1000}


async def test_an_audit_finds_other_bytes_of_the_same_size_and_time(pulls):
    files = {"a.bin": b"A" * 100_000, "middle.log": b"L" * 300_000}
    write(pulls.there, files, time=OLD_TIME)
    await pulls.settled()
    changed = {
        "a.bin": b"A" * 50_000 + b"B" + b"A" * 49_999,
        "middle.log": b"L" * 150_000 + b"M" + b"L" * 149_999,
    }
    write(pulls.there, changed, time=OLD_TIME)
    assert (await pulls.settled()).plan.files == 0
    await pulls.settled(audit=choose(bytes(pulls.here), None, None) or [b"a.bin", b"middle.log"])
    assert content(pulls.here) == content(pulls.there)
    assert set(content(pulls.versions).values()) == set(files.values())


async def test_what_is_gone_on_the_host_is_told_and_kept(pulls):
    write(pulls.there, {"stays.txt": b"1", "goes.txt": b"2", "sub/goes.txt": b"3"})
    await pulls.settled()
    (pulls.there / "goes.txt").unlink()
    shutil.rmtree(pulls.there / "sub")
    pull = await pulls.settled()
    assert set(pull.gone) == {b"goes.txt", b"sub/goes.txt"}
    assert len(content(pulls.here)) == 3
    assert set((await pulls.settled()).gone) == {b"goes.txt", b"sub/goes.txt"}
    for path in list(pulls.there.iterdir()):
        path.unlink()
    assert await (await pulls.settled()).emptied()


async def test_guards_leave_out_and_say_so(pulls):
    write(pulls.there, {"big.bin": bytes(5000), "model.pt": bytes(3000), "small.pt": b"x", "a.txt": b"x"})
    pull = await pulls.settled(max_size=4000, skip_patterns=("*.pt",), skip_over=2000)
    assert set(content(pulls.here)) == {b"small.pt", b"a.txt"}
    assert {(path, size) for path, size, _ in pull.left} == {("big.bin", 5000), ("model.pt", 3000)}
    assert (await pulls.pull(max_entries=3)).outcome.kind == "give-up"


async def test_a_bwlimit_does_not_lose_a_byte(pulls):
    write(pulls.there, {"a.bin": os.urandom(300_000)})
    await pulls.settled(bwlimit=2_000_000)
    assert content(pulls.here) == content(pulls.there)


async def test_what_vanishes_before_it_comes_is_partial(pulls):
    write(pulls.there, {"goes.bin": b"x" * 100, "goes.csv": b"x" * 100, "stays.bin": b"y" * 100})
    pull = pulls.new()
    await pull.look()
    (pulls.there / "goes.bin").unlink()
    (pulls.there / "goes.csv").unlink()
    await pull.metrics()
    await pull.bulk()
    assert pull.outcome.kind == "partial"
    assert pull.outcome.trouble.title
    assert content(pulls.here) == {b"stays.bin": b"y" * 100}


async def test_what_became_a_folder_before_it_comes_destroys_nothing(pulls):
    write(pulls.there, {"a.bin": b"old"})
    await pulls.settled()
    write(pulls.there, {"a.bin": b"newer"})
    pull = pulls.new()
    await pull.look()
    (pulls.there / "a.bin").unlink()
    (pulls.there / "a.bin").mkdir()
    await pull.metrics()
    await pull.bulk()
    assert b"old" in [*content(pulls.here).values(), *content(pulls.versions).values()]


async def test_a_source_that_is_not_there_is_missing(pulls):
    missing = await pulls.pull(path=str(pulls.base / "nowhere"))
    assert missing.outcome.kind == "missing"
    assert "nowhere is not there" in missing.outcome.trouble.title


async def test_a_root_that_goes_away_stops_it(pulls):
    write(pulls.there, {"a.bin": b"x"})
    pull = pulls.new()
    await pull.look()
    pulls.ground.trouble = Trouble("the root is not there")
    await pull.metrics()
    with pytest.raises(Stopped) as stopped:
        await pull.bulk()
    assert stopped.value.outcome == Outcome("retry", pulls.ground.trouble)
    assert content(pulls.here) == {}


async def test_globs_mean_the_same_folders(pulls):
    for name in ("run1/tb", "run2/tb", "run2/other", ".hidden/tb", "run[3]/tb", "file/x"):
        (pulls.there / name).mkdir(parents=True)
    shutil.rmtree(pulls.there / "file")
    (pulls.there / "file").write_bytes(b"")
    (pulls.there / "runlink").symlink_to("run1")
    there = str(pulls.there)
    assert await pulls.reach.folders(f"{there}/run*") == [f"{there}/run1", f"{there}/run2", f"{there}/run[3]"]
    assert await pulls.reach.folders(f"{there}/run?/tb") == [f"{there}/run1/tb", f"{there}/run2/tb"]
    assert await pulls.reach.folders(f"{there}/none*") == []


async def test_a_file_overwritten_between_the_question_and_the_pass_never_holds_bytes_of_both(pulls):
    if pulls.transport == "rrsync":
        pytest.skip("there what is compared and what is appended are one transfer")
    name = b"events.out.tfevents.1.host"
    old, new = b"first record" * 200, b"FIRST record" * 200 + b"and more\n"
    write(pulls.there, {name: old}, time=OLD_TIME)
    await pulls.settled()
    inode = os.stat(pulls.here / os.fsdecode(name)).st_ino
    write(pulls.there, {name: old + b"and more\n"})
    pull = pulls.new()
    await pull.look()
    asks = pull._carrier.same

    async def same(grown):
        found = await asks(grown)
        with (pulls.there / os.fsdecode(name)).open("r+b") as file:
            file.write(new)
        return found

    pull._carrier.same = same
    await pull.metrics()
    assert pull.again
    assert content(pulls.here) == {name: old}, "a beginning of what the host had, and no mixture"
    assert os.stat(pulls.here / os.fsdecode(name)).st_ino == inode
    assert list(pulls.ground.paths.incoming.iterdir()) == []
    # The host may have had just that; over sftp the beginning is read again before more is asked for.
    kept = {old} if pulls.transport == "sftp" else {old, old + b"and more\n"}
    await pulls.settled()
    assert content(pulls.here) == {name: new}
    assert set(content(pulls.versions).values()) == kept


async def test_a_pull_that_is_cancelled_at_any_moment_leaves_no_temporary_folder(pulls):
    name = "train.log"
    write(pulls.there, {name: b"line\n" * 1000})
    await pulls.settled()
    place = pulls.new()._carrier.place
    await place.prepare()
    for turns in range(6):
        making = asyncio.get_running_loop().create_task(place.incoming(f"pass{turns}"))
        for _ in range(turns):
            await asyncio.sleep(0)
        if making.cancel():
            with pytest.raises(asyncio.CancelledError):
                await making
        else:
            await place.clean_up(await making)
        assert list(pulls.ground.paths.incoming.iterdir()) == []


async def test_what_the_local_disk_refuses_ends_the_pull_and_no_more(pulls):
    write(pulls.there, {"events.tfevents.1": b"old events", "a.png": b"old"})
    await pulls.settled()
    write(pulls.there, {"events.tfevents.1": b"other events, and more", "a.png": b"other"})
    incoming = pulls.ground.paths.incoming
    incoming.rmdir()
    incoming.touch()
    pull = await pulls.pull()
    assert pull.outcome.kind == "partial"
    assert "cannot be written here" in pull.outcome.trouble.title
    # What left TensorBoard's view is shown again; by rrsync the question already needs the disk.
    assert [word for word, _ in pulls.events] == ["replacing", "replaced"][
        : 2 * (pulls.transport != "rrsync")
    ]
    incoming.unlink()
    await pulls.settled()
    assert content(pulls.here) == content(pulls.there)


async def test_a_file_in_place_of_a_hosts_folder_ends_the_pull_and_no_more(pulls):
    write(pulls.there, {"a.png": b"a"})
    pulls.here.parent.touch()
    assert (await pulls.pull()).outcome.kind == "partial"


async def test_a_disk_that_fills_while_something_is_appended_ends_the_pull_and_no_more(pulls):
    lines = b"line\n" * 600_000
    write(pulls.there, {"train.log": lines}, time=OLD_TIME)
    await pulls.settled()
    with (pulls.there / "train.log").open("ab") as file:
        file.write(b"and more\n" * 10_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(lines) + 1000, hard))
    try:
        assert (await pulls.pull()).outcome.kind == "partial"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (pulls.there / "train.log").read_bytes().startswith((pulls.here / "train.log").read_bytes())
    assert list(pulls.ground.paths.incoming.iterdir()) == []
    await pulls.settled()
    assert content(pulls.here) == content(pulls.there)


async def test_a_pull_that_ends_between_question_and_pass_leaves_no_temporary_folder(pulls):
    write(pulls.there, {"train.log": b"line\n", "file/inner.png": b"inner"})
    await pulls.settled()
    shutil.rmtree(pulls.there / "file")
    write(pulls.there, {"train.log": b"line\nand more\n", "file": b"a file"})
    pull = pulls.new()

    async def refused(paths):
        if paths:
            raise Error("no")

    pull._carrier.place.set_aside = refused
    await pull.look()
    with pytest.raises(Error):
        await pull.metrics()
    assert list(pulls.ground.paths.incoming.iterdir()) == []


async def test_what_lies_behind_a_link_in_an_adopted_mirror_does_not_grow(pulls, tmp_path):
    write(pulls.there, {"folder/train.log": b"line\nand more\n"})
    pulls.here.mkdir(parents=True)
    (tmp_path / "train.log").write_bytes(b"line\n")
    (pulls.here / "folder").symlink_to(tmp_path)
    await pulls.settled()
    assert content(pulls.here) == content(pulls.there)
    assert (tmp_path / "train.log").read_bytes() == b"line\n"


async def test_a_path_that_is_too_long_for_the_mirror_is_left_out(pulls):
    long = "/".join(["n" * 200] * 21)[: 4090 - len(str(pulls.there))] + "x"
    deep = "d/" * 300 + "x.csv"
    write(pulls.there, {long: b"far down", deep: b"as well", "a.png": b"a"})
    pull = await pulls.settled()
    assert content(pulls.here) == {b"a.png": b"a"}
    assert [reason for _, _, reason in pull.left] == ["its path is too long for this machine"] * 2


async def test_what_could_not_be_removed_while_the_root_was_away_is_removed_with_the_next_pull(pulls):
    place = pulls.new()._carrier.place
    left = await place.incoming("pass")
    (left / "half of it").write_bytes(b"half")
    pulls.ground.trouble = Trouble("the root is not there")
    await place.clean_up(left)
    assert left.exists()  # nothing is written meanwhile
    pulls.ground.trouble = None
    await pulls.settled()
    assert list(pulls.ground.paths.incoming.iterdir()) == []


async def test_a_name_that_rsync_misreads_costs_no_other_file(pulls):
    odd = {b"a\\[x].png": b"odd", b"run\\*/events.tfevents.1": b"odd"}
    even = {b"a.png": b"a", b"a\\b*.png": b"b", b"[\\a].csv": b"c", b"#hash": b"d", b";semi.log": b"e"}
    write(pulls.there, {**odd, **even})
    pull = await pulls.settled()
    if pulls.transport == "sftp":
        even |= odd
    else:
        assert {path.encode() for path, _, _ in pull.left} == set(odd)
    assert content(pulls.here) == even
    write(pulls.here, odd)  # as the follower brings what grows
    more = {name: data + b"more" for name, data in even.items()}
    write(pulls.there, more | odd)
    await pulls.settled(audit=sorted(even | odd))
    assert content(pulls.here) == more | odd
