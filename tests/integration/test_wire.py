"""Many sftp requests over one stream, against OpenSSH's own sftp-server and against a host that lies."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
from contextlib import contextmanager

import pytest

from expsyncd.ssh.packets import GarbledError
from expsyncd.ssh.wire import SAFE_READ, Wire
from support.programs import SFTP_PROGRAM

VERSION = struct.pack(">IBI", 5, 2, 3)


@contextmanager
def real(folder):
    """A Wire to sftp-server, which runs in `folder`."""
    ours, its = socket.socketpair()
    with subprocess.Popen([SFTP_PROGRAM], stdin=its.fileno(), stdout=its.fileno(), cwd=folder):
        its.close()
        try:
            yield Wire(ours)
        finally:
            ours.close()


@contextmanager
def lying(*answers):
    """A Wire to a host that says `answers` one after the other, whatever it is asked."""
    ours, its = socket.socketpair()

    def host():
        for answer in answers:
            if not its.recv(65536):
                break
            its.sendall(answer)
        its.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=host)
    thread.start()
    try:
        yield ours
    finally:
        ours.close()
        thread.join()
        its.close()


def packet(kind, number, content=b""):
    return struct.pack(">IBI", 5 + len(content), kind, number) + content


def string(content):
    return struct.pack(">I", len(content)) + content


def asked(wire, *jobs, at_once=8):
    wire.run(iter(jobs), at_once)


def read(wire, path, found, piece=10_000):
    handle = yield wire.open(path)
    replies = [wire.read(handle, place, piece) for place in range(0, 100_000, piece)]
    for reply in replies:
        found.append((yield reply))
    wire.shut(handle)


def test_many_files_side_by_side(tmp_path):
    contents = {}
    for number in range(100):
        name = b"%d-\xff" % number
        contents[name] = os.urandom(50_000 + number)
        with open(bytes(tmp_path) + b"/" + name, "wb") as file:
            file.write(contents[name])
    with real(tmp_path) as wire:
        assert wire.longest_read > SAFE_READ
        found: dict[bytes, list[bytes]] = {name: [] for name in contents}
        asked(wire, *(read(wire, name, found[name]) for name in contents))
        assert {name: b"".join(pieces) for name, pieces in found.items()} == contents
        assert 0 < wire.round_trip_s() < 5


def test_folders_names_and_refusals(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    found, refused = {}, []

    def job(wire):
        handle = yield wire.open_folder(b".")
        while entries := (yield wire.entries(handle)):
            found.update(entries)
        try:
            yield wire.open(b"nothing")
        except OSError as error:
            refused.append(error)
        found[b"looked"] = yield wire.look(b"link")

    with real(tmp_path) as wire:
        asked(wire, job(wire))
    assert set(found) == {b".", b"..", b"a", b"link", b"looked"}
    assert found[b"a"].is_folder
    assert not found[b"looked"].is_folder
    assert not found[b"looked"].is_file
    assert isinstance(refused[0], FileNotFoundError)


def test_what_a_job_raises_ends_all_and_leaves_the_conversation_usable(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    closed = []

    def other(wire):
        try:
            yield from read(wire, b"file", [])
        finally:
            closed.append(True)

    def failing(wire):
        yield wire.look(b"file")
        raise KeyError

    with real(tmp_path) as wire:
        with pytest.raises(KeyError):
            asked(wire, other(wire), failing(wire), other(wire))
        assert closed == [True, True]
        found: list[bytes] = []
        asked(wire, read(wire, b"file", found))
        assert b"".join(found) == b"x" * 100_000


@pytest.mark.parametrize(
    "greeting",
    [
        b"Welcome to the cluster\n",
        packet(2, 3, b"\0\0\1\0cut"),
        struct.pack(">IBI", 5, 101, 3),
        b"\0\0\0\0",
        b"\xff" * 9,
    ],
)
def test_what_is_not_sftp_is_not_waited_for(greeting):
    with lying(greeting) as stream, pytest.raises(GarbledError):
        Wire(stream)


@pytest.mark.parametrize("greeting", [b"", b"\0\0"])
def test_a_host_that_hangs_up(greeting):
    with lying(greeting) as stream, pytest.raises(EOFError):
        Wire(stream)


@pytest.mark.parametrize(
    "answer",
    [
        packet(104, 1, struct.pack(">I", 0xFFFFFFFF)),  # names without end
        packet(103, 1, string(b"data")),  # data, but a folder was asked for
        packet(101, 1, struct.pack(">I", 0)),  # success without a handle
        packet(102, 1, struct.pack(">I", 1 << 20)),  # a handle that is cut
        struct.pack(">I", 1 << 30),  # a packet of a gigabyte
        struct.pack(">IB", 1, 102),  # no number
    ],
)
def test_answers_are_not_believed(answer):
    def job(wire):
        yield wire.open_folder(b".")

    with lying(VERSION, answer) as stream:
        wire = Wire(stream)
        with pytest.raises(GarbledError):
            asked(wire, job(wire))


def test_answers_to_nothing_are_passed_over():
    found = []

    def job(wire):
        found.append((yield wire.open_folder(b".")))

    with lying(VERSION, packet(102, 77, string(b"?")) + packet(102, 1, string(b"handle"))) as stream:
        wire = Wire(stream)
        asked(wire, job(wire))
    assert found == [b"handle"]


def test_an_end_in_the_middle_closes_the_jobs():
    closed = []

    def job(wire):
        try:
            yield wire.open(b"file")
        finally:
            closed.append(True)

    with lying(VERSION) as stream:
        wire = Wire(stream)
        with pytest.raises(EOFError):
            asked(wire, job(wire), job(wire))
    assert closed == [True, True]
