"""On which file systems inotify cannot see what other machines write. Runs on the host: Python 3.6.

Magic numbers after <linux/magic.h>, and for those that are not part of Linux after the table of coreutils'
stat(1) (src/stat.c), which its authors keep with the file systems' own headers.
"""

import ctypes
import sys

REMOTE = {
    0x6969: "NFS",  # NFS_SUPER_MAGIC, linux/magic.h
    0x0BD00BD0: "Lustre",  # LL_SUPER_MAGIC, coreutils
    0x47504653: "GPFS",  # "GPFS", coreutils
    0x19830326: "BeeGFS",  # as FhGFS, coreutils
    0x65735546: "FUSE",  # FUSE_SUPER_MAGIC, linux/magic.h
    0xFF534D42: "CIFS",  # CIFS_SUPER_MAGIC, linux/magic.h
    0xFE534D42: "SMB",  # SMB2_SUPER_MAGIC, linux/magic.h
    0x517B: "SMB",  # SMB_SUPER_MAGIC, linux/magic.h
    0x00C36400: "Ceph",  # CEPH_SUPER_MAGIC, linux/magic.h
    0x5346414F: "AFS",  # AFS_FS_MAGIC, linux/magic.h
    0x01021997: "9p",  # V9FS_MAGIC, linux/magic.h
    0x7461636F: "OCFS2",  # OCFS2_SUPER_MAGIC, linux/magic.h
    0xAAD7AAEA: "PanFS",  # coreutils
    0x01161970: "GFS2",  # coreutils
}


def remote_kind(path: bytes) -> str:
    """The name of the file system where others may write unseen, or "" where inotify sees everything."""
    if not sys.platform.startswith("linux"):
        return ""
    room = (ctypes.c_long * 64)()  # struct statfs(2): f_type is its first word
    if ctypes.CDLL(None, use_errno=True).statfs(path, ctypes.byref(room)) != 0:
        return ""
    return REMOTE.get(room[0] & 0xFFFFFFFF, "")
