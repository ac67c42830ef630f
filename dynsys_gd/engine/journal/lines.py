"""The lines of a journal: each says how long it is and carries a checksum of all before it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["FIRST_LINE", "FORMAT", "Chain", "Damaged", "format_of", "payloads"]

FORMAT = 1
FIRST_LINE = (
    f"dynsys_gd checkpoint {FORMAT}: what a run has computed, one answer a line; "
    "give the same call this file and it goes on\n"
).encode("ascii")

_FIRST = re.compile(rb"dynsys_gd checkpoint (\d{1,9}):")
_LONGEST_FIRST_LINE = 1000
_DIGITS = 16
_BEGIN_OF_A_LINE = re.compile(rb"(\d{1,15})( ([0-9a-f]{0,16})( (.*))?)?", re.DOTALL)
_LINE = re.compile(rb"(\d{1,15}) ([0-9a-f]{16}) (.*)\n", re.DOTALL)


class Damaged(Exception):
    """The file is not what was written; the text says where."""


class Chain:
    """Makes and checks lines: a line is right only in its place in its own file."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256(FIRST_LINE)

    def line(self, payload: bytes) -> bytes:
        """Return the next line."""
        return b"%d %s %s\n" % (len(payload), self._checksum(payload), payload)

    def payload(self, line: bytes) -> bytes | None:
        """Return the payload of the next line, or None where the line is not right."""
        found = _LINE.fullmatch(line)
        if found is None or int(found[1]) != len(found[3]):
            return None
        return found[3] if self._checksum(found[3]) == found[2] else None

    def _checksum(self, payload: bytes) -> bytes:
        self._digest.update(b"%d " % len(payload))
        self._digest.update(payload)
        return self._digest.hexdigest()[:_DIGITS].encode("ascii")


def format_of(file: BinaryIO) -> int | None:
    """Read the first line and return the format it names, or None where it is no checkpoint."""
    line = file.readline(_LONGEST_FIRST_LINE)
    found = _FIRST.match(line)
    if found is None:
        return None
    if int(found[1]) == FORMAT and line != FIRST_LINE:
        return None
    return int(found[1])


def payloads(file: BinaryIO, chain: Chain) -> Iterator[tuple[int, bytes]]:
    """Yield the end of each line in the file and its payload.

    A last line that was cut off while it was written is left out: that is what a killed process
    leaves.

    Raises
    ------
    Damaged
        At the first line that is neither right nor the begin of one at the end of the file.
    """
    place = len(FIRST_LINE)
    for number, line in enumerate(file, start=2):
        payload = chain.payload(line)
        if payload is None:
            if _cut_off(line):
                return
            raise Damaged(f"line {number}")
        place += len(line)
        yield place, payload


def _cut_off(line: bytes) -> bool:
    """Return whether a line may be the begin of a right one.

    After a power failure a file may end in zeros in place of what was written last.
    """
    found = _BEGIN_OF_A_LINE.fullmatch(line.rstrip(b"\0"))
    if line.endswith(b"\n") or (found is None and line.strip(b"\0")):
        return False
    return found is None or found[5] is None or len(found[5]) <= int(found[1])
