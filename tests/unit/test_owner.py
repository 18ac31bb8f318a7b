import os
import socket
import sys

import pytest

from expsyncd.owner import COMMAND_SHOWN, is_ours, owner

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  1000        0 {inode} 1 0\n"


def lay_proc(proc, rows, table="tcp"):
    (proc / "net").mkdir(parents=True, exist_ok=True)
    (proc / "net" / table).write_text(HEADER + "".join(ROW.format(**row) for row in rows))


def lay_process(proc, pid, cmdline, *inodes):
    (proc / str(pid) / "fd").mkdir(parents=True)
    (proc / str(pid) / "cmdline").write_bytes(cmdline)
    for number, inode in enumerate(inodes):
        (proc / str(pid) / "fd" / str(number)).symlink_to(f"socket:[{inode}]")


def row(port, state="0A", inode=77, address="0100007F"):
    return {"address": address, "port": port, "state": state, "inode": inode}


def test_the_process_that_listens(tmp_path):
    lay_proc(tmp_path, [row(6005, inode=76), row(6006)])
    lay_process(tmp_path, 10, b"sshd\0", 76)
    lay_process(tmp_path, 11, b"python\0-m\0tensorboard\x1b.main\0", 5, 77)
    found = owner(6006, proc=tmp_path)
    assert str(found) == "process 11 (python -m tensorboard?.main)"


def test_one_that_listens_on_ipv6(tmp_path):
    lay_proc(tmp_path, [])
    lay_proc(tmp_path, [row(6006, address="0" * 32)], table="tcp6")
    lay_process(tmp_path, 11, b"node\0", 77)
    found = owner(6006, proc=tmp_path)
    assert found is not None
    assert found.pid == 11


def test_a_connection_to_the_port_is_no_listener(tmp_path):
    lay_proc(tmp_path, [row(6006, state="01")])
    lay_process(tmp_path, 11, b"browser\0", 77)
    assert owner(6006, proc=tmp_path) is None


def test_a_process_of_somebody_else_cannot_be_named(tmp_path):
    lay_proc(tmp_path, [row(6006)])
    assert owner(6006, proc=tmp_path) is None


def test_without_proc(tmp_path):
    assert owner(6006, proc=tmp_path / "none") is None


def test_a_long_command_is_cut(tmp_path):
    lay_proc(tmp_path, [row(6006)])
    lay_process(tmp_path, 11, b"x" * 500, 77)
    found = owner(6006, proc=tmp_path)
    assert found is not None
    assert len(found.command) == COMMAND_SHOWN


@pytest.mark.parametrize(
    ("cmdline", "secret"),
    [
        (b"jupyter\0lab\0--port=6006\0--IdentityProvider.token=opensesame\0", "opensesame"),
        (b"mlflow\0ui\0--port\x006006\0--store\0postgres://me:opensesame@db/x\0", "opensesame"),
        # Cut after ten characters of it, the rest would not be known for what it is.
        (b"serve_that_has_a_rather_long_name\0--hf\0hf_QzXkPvBnWmRtYuIoLkJhGfDsAzXcVbNm12\0", "hf_QzXk"),
    ],
)
def test_a_command_is_named_without_its_secrets(tmp_path, cmdline, secret):
    lay_proc(tmp_path, [row(6006)])
    lay_process(tmp_path, 11, cmdline, 77)
    found = owner(6006, proc=tmp_path)
    assert found is not None
    assert secret not in str(found)
    assert str(found).startswith(f"process 11 ({cmdline.partition(bytes(1))[0].decode()} ")


@pytest.mark.parametrize(
    ("cmdline", "folder"),
    [
        (b"python3\0/usr/bin/tensorboard\0--logdir\0/data/runs\0--port=6006\0", "/data/runs"),
        (b"python3\0-m\0tensorboard.main\0--port\0006006\0--logdir=logs\0", "/home/me/logs"),
        (b"py\0-P\0-m\0expsyncd.tensorboard.launch\0--logdir=/r/tb_log\0", "/r/tb_log"),
        (b"tensorboard\0--logdir_spec\0/a\x1b[31m\0", "/a?[31m"),
        (b"tensorboard\0--port=6006\0", ""),
        (b"python3\0train.py\0--logdir=/data/tensorboard\0", ""),
        (b"vim\0notes\0", ""),
    ],
)
def test_another_tensorboard_is_named_with_its_folder(tmp_path, cmdline, folder):
    lay_proc(tmp_path, [row(6006)])
    lay_process(tmp_path, 11, cmdline, 77)
    (tmp_path / "11" / "cwd").symlink_to("/home/me")
    found = owner(6006, proc=tmp_path)
    assert found is not None
    assert found.folder == folder
    assert ("another TensorBoard (process 11) over" in str(found)) == bool(folder)


@pytest.mark.parametrize(
    ("address", "state", "uid", "ours"),
    [
        ("127.0.0.1", "0A", os.getuid(), True),
        ("127.0.0.1", "0A", os.getuid() + 1, False),
        ("127.0.0.1", "01", os.getuid(), False),
        ("10.0.0.1", "0A", os.getuid(), False),
    ],
)
def test_whose_port_it_is(tmp_path, address, state, uid, ours):
    number = int.from_bytes(socket.inet_aton(address), sys.byteorder)
    lay_proc(tmp_path, [row(6005), row(6006, state, address=f"{number:08X}")])
    table = tmp_path / "net" / "tcp"
    table.write_text(table.read_text().replace("  1000  ", f"  {uid}  "))
    assert is_ours("127.0.0.1", 6006, proc=tmp_path) is ours
    assert is_ours("127.0.0.1", 6006, proc=tmp_path / "none")
