"""Opening the file of a run: a new one, or the one of the same run; any other is refused."""

from __future__ import annotations

import json
import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any

from ..._version import __version__
from ...errors import InvalidInput
from .fingerprint import fingerprint
from .journal import Journal
from .lines import FIRST_LINE, FORMAT, Chain, Damaged, format_of, payloads
from .lock import Taken, release, take

__all__ = ["Run", "checked_checkpoint", "opened"]

_LONGEST_DESCRIPTION = 200


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run is: two runs with the same description have the same answers.

    Parameters
    ----------
    name : str
        Of the function that was called.
    arguments : mapping of str
        Everything that the answers depend on, by the name of the argument, besides the seed.
    seed : int
        From which everything random follows.
    seed_given : bool
        Whether the caller asked for this seed. If not, that of the file is taken.
    """

    name: str
    arguments: Mapping[str, Any]
    seed: int
    seed_given: bool


def checked_checkpoint(checkpoint: Any) -> Path | None:
    """Return the path of a checkpoint, or refuse what is none."""
    if checkpoint is None:
        return None
    named = isinstance(checkpoint, (str, os.PathLike)) and checkpoint != ""
    if not named or isinstance(os.fspath(checkpoint), bytes) or "\0" in os.fspath(checkpoint):
        expected = "None, or the path of a file, such as 'run.checkpoint'"
        raise InvalidInput("checkpoint", checkpoint, expected)
    return Path(checkpoint)


@contextmanager
def opened(checkpoint: Any, run: Run) -> Iterator[Journal | None]:
    """Open the file of a run for the time of a ``with`` block; None where no file is named.

    Parameters
    ----------
    checkpoint : None, str or path
        Made where it does not exist.
    run : Run

    Raises
    ------
    InvalidInput
        For a folder, a file that cannot be written, one that is no checkpoint, is damaged, belongs
        to another run or version, or is in use. None of them is changed.
    """
    path = checked_checkpoint(checkpoint)
    if path is None:
        yield None
        return
    head = _header(run)
    try:
        _make_where_missing(path, head)
        file = FileIO(path, "r+")
    except OSError as error:
        raise _refused(path, error.strerror or str(error), "a file that can be written") from None
    locked = False
    try:
        take(file)
        locked = True
        journal = _read(file, path, head)
    except BaseException as error:
        if locked:
            release(file)
        file.close()
        if isinstance(error, Taken):
            raise _refused(
                path,
                "a file that another run is writing to",
                "one run at a time",
                "wait for that run, or name another file",
            ) from None
        raise
    try:
        yield journal
    finally:
        journal.close()


def _header(run: Run) -> dict[str, Any]:
    return {
        "run": run.name,
        "dynsys_gd": __version__,
        "seed": hex(run.seed),
        "seed_given": run.seed_given,
        "begun": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "arguments": {
            name: {"is": _in_words(value), "fingerprint": fingerprint(value, name)}
            for name, value in run.arguments.items()
        },
    }


def _in_words(value: Any) -> str:
    describe = getattr(value, "describe", None)
    text = describe() if callable(describe) else repr(value)
    return " ".join(text.split())[:_LONGEST_DESCRIPTION]


def _make_where_missing(path: Path, head: Mapping[str, Any]) -> None:
    """Make a file that holds the header alone; it appears under its name with all of it."""
    if os.path.lexists(path):
        found = path.stat().st_mode
        if stat.S_ISDIR(found):
            raise _refused(path, "a folder", "the name of a file")
        if not stat.S_ISREG(found):
            raise _refused(path, "something that is no plain file", "the name of a file")
        return
    if not path.parent.is_dir():
        raise _refused(path, "a file in a folder that does not exist", "one in a folder that does")
    line = Chain().line(json.dumps(head, ensure_ascii=False).encode("utf-8", "backslashreplace"))
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(beside, "xb") as file:
            file.write(FIRST_LINE + line)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            pass  # another run was faster; which of the two it belongs to is found out as ever
        except OSError:
            beside.rename(path)  # a file system without links
    finally:
        beside.unlink(missing_ok=True)


def _read(file: FileIO, path: Path, head: Mapping[str, Any]) -> Journal:
    """Check every line of the file and return the journal with all that is in it."""
    reader = BufferedReader(file)
    try:
        found = format_of(reader)
        if found is None:
            what = "an empty file" if path.stat().st_size == 0 else "a file that is no checkpoint"
            raise _refused(path, what)
        if found != FORMAT:
            remedy = "go on with the version of the package that wrote it, or name another file"
            raise _refused(
                path, f"a checkpoint of format {found}", f"one of format {FORMAT}", remedy
            )
        chain = Chain()
        lines = payloads(reader, chain)
        end, written = next(lines, (0, b""))
        seed = _seed_of_the_same_run(written, head, path)
        journal = Journal(file, str(path), seed=seed, chain=chain, end=end)
        for number, (end, payload) in enumerate(lines, start=3):
            if not journal.know(end, payload):
                raise Damaged(f"line {number}")
    except Damaged as error:
        raise _refused(path, f"a damaged file ({error})") from None
    except OSError as error:
        raise _refused(path, error.strerror or str(error), "a file that can be read") from None
    finally:
        reader.detach()
    return journal


def _seed_of_the_same_run(written: bytes, head: Mapping[str, Any], path: Path) -> int:
    """Return the seed in the header of the file, which must be one of the run that is asked for."""
    try:
        theirs = json.loads(written)
        seed, arguments = int(theirs["seed"], 16), theirs["arguments"]
        words = (theirs["run"], theirs["dynsys_gd"])
        prints = {name: argument["fingerprint"] for name, argument in arguments.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Damaged("line 2") from None
    expected = "the file of this run, or a new one"
    if words[0] != head["run"]:
        raise _refused(path, f"a file of {words[0]}", expected)
    if words[1] != head["dynsys_gd"]:
        remedy = "answers of two versions are not mixed: name another file"
        raise _refused(path, f"a file of version {words[1]}", f"one of {__version__}", remedy)
    ours = {name: argument["fingerprint"] for name, argument in head["arguments"].items()}
    other = [name for name in {**ours, **prints} if ours.get(name) != prints.get(name)]
    if head["seed_given"] and int(head["seed"], 16) != seed:
        other.append("rng")
    if other:
        raise _refused(path, f"a file of another run (other {', '.join(other)})", expected)
    return seed


def _refused(
    path: Path,
    what: str,
    expected: str = "a file of this run, or a new one",
    remedy: str = "name another file; this one was not changed",
) -> InvalidInput:
    return InvalidInput("checkpoint", f"{what}: {path}", expected, remedy)
