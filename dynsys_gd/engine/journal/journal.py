"""The answers of one run, kept in a file as they come."""

from __future__ import annotations

import os
import re
import time
from array import array
from collections.abc import Callable
from io import FileIO
from typing import Any

from ...errors import InvalidInput
from .lines import Chain
from .lock import release
from .plain_text import from_text, to_text

__all__ = ["Call", "Journal"]

_SECONDS_BETWEEN_SYNCS = 5.0
_RECORD = re.compile(rb"(\d{1,9}) (\d{1,18}) ([^ ]+) (.*)", re.DOTALL)


class Call:
    """The answers of one call of `Work.answers`: those that are kept, and those that follow.

    Parameters
    ----------
    journal : Journal
    number : int
        How many calls the run made before this one.
    function : str
        Name of the function that makes the answers.
    """

    def __init__(self, journal: Journal, number: int, function: str) -> None:
        self._journal = journal
        self._number = number
        self._function = function
        self._given = 0

    @property
    def remembers(self) -> bool:
        """Whether the next answer is kept."""
        return self._journal.count(self._number) > self._given

    def recalled(self) -> Any:
        """Return the next answer, which is kept."""
        answer = self._journal.read(self._number, self._given, self._function)
        self._given += 1
        return answer

    def recorded(self, answer: Any) -> Any:
        """Keep the next answer and return it as it would be read back."""
        text = to_text(answer)
        self._journal.write(self._number, self._given, self._function, text)
        self._given += 1
        return from_text(text)


class Journal:
    """The answers of one run in an open, locked file; `checkpoint.opened` makes it.

    Parameters
    ----------
    file : FileIO
        Open for reading and writing, locked, and positioned anywhere.
    path : str
        For messages.
    seed : int
        Of the run, as the file has it.
    chain : Chain
        As it stands after the header.
    end : int
        Where the header ends.
    """

    def __init__(self, file: FileIO, path: str, *, seed: int, chain: Chain, end: int) -> None:
        self.seed = seed
        self.path = path
        self._file = file
        self._chain = chain
        self._end = end
        self._begins: dict[int, array[int]] = {}
        self._ends: dict[int, array[int]] = {}
        self._calls = 0
        self._touched = False
        self._synced = time.monotonic()

    def know(self, end: int, payload: bytes) -> bool:
        """Take note of a record that is in the file; False where it does not follow the others."""
        found = _RECORD.fullmatch(payload)
        if found is None or int(found[2]) != self.count(int(found[1])):
            return False
        self._place(int(found[1]), end)
        return True

    def call(self, function: Callable[..., Any]) -> Call:
        """Begin the next call; calls are numbered in the order in which they begin."""
        name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
        self._calls += 1
        return Call(self, self._calls - 1, name.replace(" ", ""))

    def count(self, call: int) -> int:
        """Return how many answers of a call are kept."""
        return len(self._ends.get(call, ()))

    def read(self, call: int, place: int, function: str) -> Any:
        """Return an answer that is kept."""
        begin, end = self._begins[call][place], self._ends[call][place]
        found = _RECORD.fullmatch(self._bytes(begin, end).split(b" ", 2)[2].removesuffix(b"\n"))
        if found is None or found[3] != function.encode():
            other = "nothing" if found is None else found[3].decode("utf-8", "replace")
            raise InvalidInput(
                "checkpoint",
                f"answers of {other} where {function} is asked: {self.path}",
                "the file of the same run of the same version of the package",
                "name another file; this one was not changed",
            )
        try:
            return from_text(found[4])
        except ValueError as error:
            raise InvalidInput(
                "checkpoint",
                f"an answer that cannot be read ({error}): {self.path}",
                "a file that this package wrote",
                "name another file; this one was not changed",
            ) from None

    def write(self, call: int, place: int, function: str, text: str) -> None:
        """Append one answer; it is safe from the end of this process when this returns."""
        line = self._chain.line(f"{call} {place} {function} {text}".encode())
        try:
            self._append(line)
        except OSError as error:
            raise InvalidInput(
                "checkpoint",
                f"{error.strerror or error}: {self.path}",
                "a file that can be written",
                "what was recorded before is kept: make room and give the same call this file",
            ) from None
        self._place(call, self._end + len(line))

    def close(self) -> None:
        """Give the file back."""
        try:
            if self._touched:
                os.fsync(self._file.fileno())
        finally:
            release(self._file)
            self._file.close()

    def _place(self, call: int, end: int) -> None:
        self._begins.setdefault(call, array("q")).append(self._end)
        self._ends.setdefault(call, array("q")).append(end)
        self._end = end

    def _bytes(self, begin: int, end: int) -> bytes:
        self._file.seek(begin)
        parts = []
        while begin < end:
            part = self._file.read(end - begin)
            if not part:
                break
            parts.append(part)
            begin += len(part)
        return b"".join(parts)

    def _append(self, line: bytes) -> None:
        number = self._file.fileno()
        size = os.fstat(number).st_size
        if not self._touched:
            # What a killed process left of its last answer is dropped now, and not before.
            if size > self._end:
                os.ftruncate(number, self._end)
            self._touched = True
        elif size != self._end:
            raise InvalidInput(
                "checkpoint",
                f"a file to which somebody else writes: {self.path}",
                "one run at a time",
                "stop one of the two, or give each a file of its own",
            )
        self._file.seek(self._end)
        rest = memoryview(line)
        while rest:
            rest = rest[self._file.write(rest) :]
        # The operating system has it now, which outlives this process. Against a failure of the
        # power it is forced to the disk now and then: that takes milliseconds.
        if time.monotonic() - self._synced > _SECONDS_BETWEEN_SYNCS:
            os.fsync(number)
            self._synced = time.monotonic()
