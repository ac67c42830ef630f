"""One writer at a time: a lock on an open file that vanishes with the process that holds it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["Taken", "release", "take"]

_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_FAR_BEYOND_THE_END = 2**62  # Windows forbids others to read what is locked

# Locks of the operating system tell processes apart, not two runs in one process.
_held: set[tuple[int, int]] = set()
_guard = threading.Lock()


class Taken(Exception):
    """Somebody else writes to the file."""


def take(file: BinaryIO) -> None:
    """Lock a file that is open for writing, or raise `Taken`.

    Notes
    -----
    Record locks (POSIX) and `msvcrt.locking` (Windows) end with the process, however it ends, and
    are not inherited by the workers of a process pool: those may outlive a run that was killed.
    They hold over NFS. On a file system that has no locks at all, only runs of this process are
    kept apart here.
    """
    identity = _identity(file)
    with _guard:
        if identity in _held:
            raise Taken
        try:
            _lock(file)
        except OSError as error:
            if error.errno in _BUSY:
                raise Taken from None
        _held.add(identity)


def release(file: BinaryIO) -> None:
    """Give the lock back; the file is still open."""
    with _guard:
        _held.discard(_identity(file))
        # Where files cannot be locked there is none to give back.
        with contextlib.suppress(OSError):
            _unlock(file)


def _identity(file: BinaryIO) -> tuple[int, int]:
    known = os.fstat(file.fileno())
    return known.st_dev, known.st_ino


if sys.platform == "win32":

    def _lock(file: BinaryIO) -> None:
        file.seek(_FAR_BEYOND_THE_END)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file: BinaryIO) -> None:
        file.seek(_FAR_BEYOND_THE_END)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:

    def _lock(file: BinaryIO) -> None:
        fcntl.lockf(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: BinaryIO) -> None:
        fcntl.lockf(file.fileno(), fcntl.LOCK_UN)
