"""The stopping driver as array operations: what the machine code is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .chunks import Interruption, chunk_rows, row_slices
from .kernel import Kernel
from .starts import Starts
from .stopping_task import Answers
from .window import squared_norm

__all__ = ["stop_rows"]

Rows = NDArray[np.float64]

_STILL, _FAR, _TIME = 0, 1, 2


def stop_rows(
    kernel: Kernel,
    starts: Starts,
    span: tuple[int, int],
    answers: Answers,
    blocks: NDArray[np.int64],
    squares: tuple[float, float],
    interruption: Interruption,
) -> NDArray[np.int64]:
    """Stop the starts of `span`; return how many stopped for each reason, and their steps."""
    counts = np.zeros(4, dtype=np.int64)
    for piece in row_slices(span[1] - span[0], chunk_rows(kernel.dimension)):
        columns = starts.columns(span[0] + piece.start, span[0] + piece.stop)
        states = np.tile(columns, (kernel.dimension // starts.dimension, 1)).T
        code, rows = _stopped(kernel, states, blocks, squares, interruption)
        found = Answers((code & 3).astype(np.int8), code >> 2, rows.T)
        counts[:3] += np.bincount(code & 3, minlength=3)
        counts[3] += (code >> 2).sum(dtype=np.int64)
        answers.part(piece.start, piece.stop).take(found)
    return counts


def _stopped(
    kernel: Kernel,
    states: Rows,
    blocks: NDArray[np.int64],
    squares: tuple[float, float],
    interruption: Interruption,
) -> tuple[NDArray[np.int32], Rows]:
    """Return 4 · steps + reason, and the last states, of one piece."""
    n = len(states)
    outcome, finals = np.empty(n, dtype=np.int32), np.array(states)
    place, age = np.arange(n), 0
    with np.errstate(all="ignore"):
        for length in blocks:
            interruption.check()
            ended = np.zeros(len(place), dtype=bool)
            codes = np.empty(len(place), dtype=np.int32)
            reached = np.array(states)
            seen = np.zeros(len(place), dtype=bool)
            for step in range(1, int(length) + 1):
                images = kernel.step(states)[0]
                far, still = _tests(images, states, squares)
                ended = far | still
                now = np.flatnonzero(ended & ~seen)
                codes[now] = 4 * (age + step) + np.where(far[now], _FAR, _STILL)
                reached[now] = images[now]
                seen |= ended
                states = images
            age += int(length)
            outcome[place[ended]] = codes[ended]
            finals[place[ended]] = reached[ended]
            place, states = place[~ended], np.asfortranarray(states[~ended])
            if not place.size:
                break
    outcome[place] = 4 * age + _TIME
    finals[place] = states
    return outcome, finals


def _tests(
    images: Rows, states: Rows, squares: tuple[float, float]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    tolerance, radius = squares
    norm = squared_norm(np.asfortranarray(images))
    move = squared_norm(np.asfortranarray(images - states))
    inside = norm <= radius  # false for NaN
    return ~inside, inside & (move <= tolerance * norm + tolerance)
