"""Keeping judged code to its own folder, where the kernel can: Linux 5.13 and later, by Landlock.

A process that confines itself reads the system, its own folder and the libraries, and writes to its own
folder and one for temporary files; nothing that it starts can do more. It can neither read nor signal
processes outside. The numbers are those of `linux/landlock.h`; the C library has no functions for them.
"""

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # system calls, on every architecture
VERSION_FLAG, PATH_BENEATH, NO_NEW_PRIVILEGES = 1, 1, 38
DROP_CAPABILITY, CAPABILITY_VERSION_3 = 24, 0x20080522
KEPT_CAPABILITIES = 0b1111  # of root: to own, read and write files of other users
SCOPES = 0b11  # abstract Unix sockets and signals, from version 6 on

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
ALL_OF_VERSION_1 = (1 << 13) - 1
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
READING = EXECUTE | READ_FILE | READ_DIR

SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/nix",
    "/gnu",
)
MORE_OF_SYSTEM = ("/proc", "/sys", "/run/systemd/resolve", "/home/linuxbrew")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "pts", "ptmx", "shm", "fd")


def confine(folder: Path, temporary: Path) -> bool:
    """Confine this process for good, and return whether the kernel could.

    :param folder: what it may write to, beside `temporary`.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(CREATE_RULESET, None, 0, VERSION_FLAG)
    if version < 1:
        return False
    handled = ALL_OF_VERSION_1
    for since, right in ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV)):
        handled |= right if version >= since else 0
    attributes = struct.pack("=QQQ", handled, 0, SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(CREATE_RULESET, attributes, size, 0)
    if ruleset < 0:
        return False
    try:
        libraries = (sys.prefix, sys.base_prefix, *filter(None, sys.path))
        _allow(libc, ruleset, (*SYSTEM, *MORE_OF_SYSTEM, *libraries), READING & handled)
        _allow(libc, ruleset, (f"/dev/{name}" for name in DEVICES), handled)
        _allow(libc, ruleset, (str(folder), str(temporary)), handled)
        _give_up_capabilities(libc)
        libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        return bool(libc.syscall(RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _give_up_capabilities(libc: ctypes.CDLL) -> None:
    """Keep, of what root may do, only access to files: with more it could read other processes' memory."""
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    data = ctypes.create_string_buffer(
        24
    )  # effective, permitted and inheritable ones, twice 32 bits each
    if libc.capget(header, data) == 0:
        for capability in range(64):
            if not KEPT_CAPABILITIES >> capability & 1:
                libc.prctl(DROP_CAPABILITY, capability, 0, 0, 0)
        words = struct.unpack("=6I", data.raw)
        libc.capset(
            header, struct.pack("=6I", *(word & KEPT_CAPABILITIES for word in words[:3]), 0, 0, 0)
        )


def _allow(libc: ctypes.CDLL, ruleset: int, paths: Iterable[str], rights: int) -> None:
    """Allow `rights` on each path and on all below it; one that is not there cannot be reached anyway."""
    for path in dict.fromkeys(paths):
        with suppress(OSError):
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
                allowed = rights if is_folder else rights & OF_FILES
                rule = struct.pack("=Qi", allowed, descriptor)
                libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0)
            finally:
                os.close(descriptor)
