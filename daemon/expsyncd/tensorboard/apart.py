"""A network of its own for a private TensorBoard: its data server listens there, where nobody else gets to.

That program answers whoever finds its port, and any user of this computer may look for it. Linux only.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

# linux/sched.h, linux/sockios.h, net/if.h
_CLONE_NEWUSER, _CLONE_NEWNET = 0x1000_0000, 0x4000_0000
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1


def apart(address: str, port: int) -> socket.socket | None:
    """A socket bound to the port of the network that all share, while this process has left it for its own.

    None, and nothing is changed, where this system does not let us. To be called before any thread starts.
    Raises OSError when the port is taken.
    """
    if sys.platform != "linux" or not _may_leave():
        return None
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((address, port))
    _leave()
    return bound


def _may_leave() -> bool:
    # Tried by a child first: half-way there is no way back.
    child = os.fork()
    if child == 0:
        try:
            _leave()
        except BaseException:  # noqa: BLE001 - whatever it is, the answer is no
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _leave() -> None:
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        # A mere user may do so as the one user of a world of their own, who owns what they owned before.
        if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", _IFF_UP))
    with socket.create_server(("127.0.0.1", 0)) as there:
        socket.create_connection(there.getsockname(), timeout=1).close()
