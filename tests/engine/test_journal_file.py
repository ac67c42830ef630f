"""The file of a run: what a kill leaves is taken up, what is not right is refused untouched."""

import errno
import os
import re
import stat
import subprocess
import sys

import numpy as np
import pytest

from dynsys_gd import Box, InvalidInput
from dynsys_gd.engine.journal import journal as journal_module
from dynsys_gd.engine.journal import lock
from dynsys_gd.engine.journal.checkpoint import Run, checked_checkpoint, opened
from dynsys_gd.engine.journal.lines import FIRST_LINE
from dynsys_gd.engine.work import Work

ARGUMENTS = {"F": "a map", "region": Box([0], [1]), "n": 5}


def a_run(seed=7, *, given=True, name="measure", **other):
    return Run(name=name, arguments={**ARGUMENTS, **other}, seed=seed, seed_given=given)


def answer(k):
    computed.append(k)
    return {"k": k, "row": np.arange(k) / 3, "pair": (k, -0.0)}


def other_answer(k):
    return -k


def stopped_at_three(k):
    if k == 3:
        raise KeyboardInterrupt
    return answer(k)


stopped_at_three.__qualname__ = answer.__qualname__


computed = []


def answers(path, run=None, n=6):
    """Return all answers of a run of one call, and the tasks that were computed for it."""
    computed.clear()
    with opened(path, run or a_run()) as journal:
        found = list(Work(journal=journal).answers(answer, range(n)))
    return found, list(computed)


def alike(one, other):
    return str(one) == str(other)


@pytest.fixture
def whole(tmp_path):
    path = tmp_path / "whole.checkpoint"
    answers(path)
    return path


# --- what is kept --------------------------------------------------------------------------------


def test_a_finished_file_answers_at_once_and_is_not_touched(whole):
    before = whole.read_bytes(), whole.stat().st_mtime_ns
    found, calls = answers(whole)
    assert calls == []
    assert [item["k"] for item in found] == list(range(6))
    assert (whole.read_bytes(), whole.stat().st_mtime_ns) == before


def test_the_file_says_what_it_is(whole):
    first, second, *rest = whole.read_text(encoding="utf-8").splitlines()
    assert first.startswith("dynsys_gd checkpoint 1: ")
    assert "uniform in [0, 1]" in second
    assert len(rest) == 6
    assert list(whole.parent.iterdir()) == [whole]  # nothing lies about


def test_after_a_cut_anywhere_the_rest_is_computed(whole, tmp_path):
    content, want = whole.read_bytes(), answers(whole)[0]
    header = content.index(b"\n", len(FIRST_LINE)) + 1
    ends = [m.end() for m in re.finditer(b"\n", content)]
    path = tmp_path / "cut.checkpoint"
    for cut in {*range(header, len(content), 7), *ends[1:], *(end - 1 for end in ends[2:])}:
        path.write_bytes(content[:cut])
        found, calls = answers(path)
        assert alike(found, want)
        kept = content[header:cut].count(b"\n")
        assert calls == list(range(kept, 6))
        assert path.read_bytes() == content


def test_zeros_at_the_end_are_what_a_power_failure_leaves(whole):
    content = whole.read_bytes()
    whole.write_bytes(content[:-20] + bytes(500))
    assert answers(whole)[1] == [5]
    assert whole.read_bytes() == content


def test_a_run_may_ask_for_more_than_the_first_one_did(whole):
    assert answers(whole, n=9)[1] == [6, 7, 8]
    assert answers(whole, n=4)[1] == []


def test_the_seed_of_the_file_is_taken_where_none_is_given(tmp_path):
    path = tmp_path / "seed.checkpoint"
    with opened(path, a_run(2**100, given=False)) as journal:
        assert journal.seed == 2**100
    for run in (a_run(5, given=False), a_run(2**100)):
        with opened(path, run) as journal:
            assert journal.seed == 2**100
    with pytest.raises(InvalidInput, match="other rng"), opened(path, a_run(5)):
        pass


# --- what is refused -----------------------------------------------------------------------------


def refused(path, match, run=None):
    """Check that the file is refused with these words, and that it stays as it is."""
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match=match) as error:
        answers(path, run)
    assert error.value.argument == "checkpoint"
    assert computed == []
    assert path.read_bytes() == before
    assert sorted(path.parent.glob(".*")) == []


def test_a_changed_byte_is_found_wherever_it_is(whole):
    content = bytearray(whole.read_bytes())
    for place in [*range(0, len(content) - 1, 3), len(content) - 2]:
        content[place] ^= 0x04
        whole.write_bytes(content)
        refused(whole, "damaged|no checkpoint|of format")
        content[place] ^= 0x04


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [*lines[:3], *lines[4:]],
        lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines, b"not a record"],
        lambda lines: [*lines, b"12 zz"],
        lambda lines: [*lines, b"\n"],
        lambda lines: [*lines[:-1], lines[-1][:-1] + b"X"],
        lambda lines: [*lines[:3], lines[3][:-1], *lines[4:]],
        lambda lines: [*lines[:3], bytes(100), *lines[4:]],
        lambda lines: lines[:1],
        lambda lines: [*lines[:1], lines[1][:-30]],
        lambda lines: [line.replace(b"\n", b"\r\n") for line in lines],
    ],
    ids=range(12),
)
def test_lines_that_do_not_belong_are_found(whole, damage):
    whole.write_bytes(b"".join(damage(whole.read_bytes().splitlines(keepends=True))))
    refused(whole, "damaged|no checkpoint")


@pytest.mark.parametrize("content", [b"", b"dear diary\n", b"\x80\x04\x95pickle", bytes(5000)])
def test_a_file_of_another_origin(tmp_path, content):
    path = tmp_path / "theirs"
    path.write_bytes(content)
    refused(path, "an empty file" if not content else "no checkpoint")


def test_a_file_of_another_format(whole):
    whole.write_bytes(whole.read_bytes().replace(b"checkpoint 1:", b"checkpoint 2:", 1))
    refused(whole, "of format 2.*expected one of format 1.*the version")


@pytest.mark.parametrize(
    ("run", "match"),
    [
        (a_run(8), r"another run \(other rng\)"),
        (a_run(region=Box([0], [2])), r"another run \(other region\)"),
        (a_run(F="another map", n=6), r"another run \(other F, n\)"),
        (a_run(more=1), r"another run \(other more\)"),
        (a_run(name="transition"), "a file of measure"),
    ],
)
def test_a_file_of_another_run(whole, run, match):
    refused(whole, match, run)


def test_a_file_of_another_version(whole, monkeypatch):
    monkeypatch.setattr("dynsys_gd.engine.journal.checkpoint.__version__", "9.9.9")
    refused(whole, "a file of version .*expected one of 9.9.9")


def test_answers_of_other_functions(whole):
    before = whole.read_bytes()
    with opened(whole, a_run()) as journal, pytest.raises(InvalidInput, match="other_answer is"):
        list(Work(journal=journal).answers(other_answer, range(6)))
    assert whole.read_bytes() == before


def test_places_where_no_file_can_be(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, match in [
        (tmp_path, "a folder"),
        (tmp_path / "pipe", "no plain file"),
        (tmp_path / "missing" / "file", "a folder that does not exist"),
        (tmp_path / ("x" * 300), "expected a file that can be written"),
    ]:
        with pytest.raises(InvalidInput, match=match), opened(path, a_run()):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_file_that_may_not_be_written(whole):
    whole.chmod(stat.S_IREAD)
    refused(whole, "a file that can be written")


@pytest.mark.parametrize("checkpoint", [3, True, "", b"file", "a\0b", ["file"], object()])
def test_what_is_no_path(checkpoint):
    with pytest.raises(InvalidInput, match="checkpoint: got"):
        checked_checkpoint(checkpoint)


def test_what_cannot_be_recognised_is_refused_before_a_file_is_made(tmp_path):
    path = tmp_path / "new.checkpoint"
    with pytest.raises(InvalidInput, match="F: got"), opened(path, a_run(F=object())):
        pass
    assert list(tmp_path.iterdir()) == []


# --- who writes ----------------------------------------------------------------------------------

HOLD = """
import sys
from dynsys_gd.engine.journal.checkpoint import opened
from test_journal_file import a_run
with opened(sys.argv[1], a_run()) as journal:
    print("open", flush=True)
    sys.stdin.read()
"""


def test_one_process_at_a_time(whole):
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(whole)],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout.readline() == "open\n"
        refused(whole, "another run is writing")
    finally:
        other.kill()
        other.communicate()
    assert answers(whole)[1] == []  # a lock does not outlive its process


def test_one_run_at_a_time_within_a_process(whole):
    with opened(whole, a_run()):
        refused(whole, "another run is writing")
        with opened(whole.with_name("second"), a_run()):
            pass
    assert answers(whole)[1] == []


def test_where_files_cannot_be_locked_a_second_writer_is_noticed(tmp_path, monkeypatch):
    def none(_):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(lock, "_lock", none)
    path = tmp_path / "shared.checkpoint"
    with opened(path, a_run()) as journal:
        found = Work(journal=journal).answers(answer, range(6))
        next(found)
        with open(path, "ab") as theirs:
            theirs.write(b"from elsewhere\n")
        with pytest.raises(InvalidInput, match="somebody else writes"):
            next(found)


def test_a_full_disk_is_an_error_with_a_way_out(tmp_path, monkeypatch):
    path = tmp_path / "full.checkpoint"
    with opened(path, a_run()) as journal:
        found = Work(journal=journal).answers(answer, range(6))
        next(found)
        next(found)
        kept = path.read_bytes()
        with monkeypatch.context() as patched:
            patched.setattr(journal_module.os, "fstat", full)
            with pytest.raises(InvalidInput, match=r"No space left.*make room"):
                next(found)
    assert path.read_bytes() == kept
    assert answers(path)[1] == [2, 3, 4, 5]


def full(_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_an_interrupted_run_keeps_what_it_has(tmp_path):
    path = tmp_path / "stopped.checkpoint"
    with pytest.raises(KeyboardInterrupt), opened(path, a_run()) as journal:
        list(Work(journal=journal).answers(stopped_at_three, range(6)))
    assert answers(path)[1] == [3, 4, 5]
