"""The reference: vectorised C written by hand, in the variant that is fastest on this machine."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..compiler import CFunction, address, build, compiler_missing
from ..workloads import Columns, LinearWorkload, MapWorkload, MlpWorkload, Workload
from .base import Engine, Outcome, Runner, Unsuited
from .c_scalar import MAP_CODES, linear_call, linear_shape, perceptron_call, perceptron_shape

__all__ = ["Reference"]

_TRIAL_SECONDS = 0.03
_TRIALS = 3
# Lengths of the blocks a trajectory runs through, (length, how many); the last goes on to the end.
_STOPPING = (
    ((4, 4), (8, 6), (16, 0)),
    ((6, 4), (8, 6), (16, 0)),
    ((4, 4), (8, 8), (12, 0)),
    ((4, 4), (8, 4), (16, 4), (32, 0)),
    ((8, 0),),
    ((10, 0),),
)
_RUNNING = (
    ((8, 2), (16, 2), (50, 0)),
    ((50, 0),),
    ((100, 0),),
    ((8, 2), (16, 2), (50, 2), (200, 0)),
    ((8, 2), (32, 2), (64, 2), (256, 0)),
)


class Reference(Engine):
    """Variants of the C code (registers in flight, tiles, blocks of steps) are tried first.

    Parameters
    ----------
    tuned : bool
        Whether to look for the fastest variant, or to take the first.
    definitions : sequence of str
        For the C compiler: ``NO_AVX512`` and ``NO_AVX2`` give the code of lesser processors.
    """

    name = "C reference"

    def __init__(self, *, tuned: bool = True, definitions: Sequence[str] = ()) -> None:
        self._tuned, self._definitions = tuned, tuple(definitions)

    def prepare(self, workload: Workload) -> Runner:
        missing = compiler_missing()
        if missing:
            raise Unsuited(missing)
        variants = _VARIANTS[type(workload)](workload, self._definitions)
        return _fastest(list(variants), workload) if self._tuned else next(variants)


def _fastest(variants: Sequence[Runner], workload: Workload) -> Runner:
    """Return the variant with the least processor time on some of the starts, tried in turns."""
    columns = np.ascontiguousarray(workload.starts[:, :64])
    begin = time.process_time()
    variants[0](columns)
    each = max(time.process_time() - begin, 1e-5)
    count = min(workload.n, 64 * max(1, round(_TRIAL_SECONDS / each)))
    columns = np.ascontiguousarray(workload.starts[:, :count])
    best = [np.inf] * len(variants)
    for _ in range(_TRIALS):
        for k, variant in enumerate(variants):
            begin = time.process_time()
            variant(columns)
            best[k] = min(best[k], time.process_time() - begin)
    return variants[int(np.argmin(best))]


def _map_variants(w: MapWorkload, more: tuple[str, ...]) -> Iterator[Runner]:
    shape = f"MAP={MAP_CODES[w.formula]}", f"D={w.d}", *more
    stopping = w.tolerance is not None
    for units in (6, 10, 12) if w.d == 2 else (4, 5, 6, 8):
        for abreast in (2, 4, 8) if stopping else (2,):
            definitions = (*shape, f"UNITS={units}", f"ABREAST={abreast}")
            function = build("lanes.c", definitions)
            for plan in _STOPPING if stopping else _RUNNING:
                yield _map_call(w, function, _blocks(plan, w.steps))


def _blocks(plan: Sequence[tuple[int, int]], steps: int) -> Sequence[int]:
    """Return block lengths that add up to `steps`; those at the end are as even as can be."""
    *first, (longest, _) = plan
    lengths = [length for length, count in first for _ in range(count)]
    while sum(lengths) > steps:
        lengths.pop()
    rest = steps - sum(lengths)
    count = -(-rest // longest)
    return lengths + [rest // count + (k < rest % count) for k in range(count)]


def _map_call(w: MapWorkload, function: CFunction, lengths: Sequence[int]) -> Runner:
    blocks = np.array(lengths, dtype=np.int32)
    far, still = (ctypes.c_double(square) for square in w.squares)

    def run(columns: Columns) -> Outcome:
        n = columns.shape[1]
        labels, steps = np.empty(n, dtype=np.int8), np.empty(n, dtype=np.int32)
        arguments = ctypes.c_long(n), address(columns), ctypes.c_double(w.eta)
        plan = ctypes.c_long(len(blocks)), address(blocks)
        if function(*arguments, *plan, far, still, address(labels), address(steps)):
            raise MemoryError("the reference found no memory")
        return Outcome(labels=labels, steps=steps)

    return run


def _linear_variants(w: LinearWorkload, more: tuple[str, ...]) -> Iterator[Runner]:
    shape = *linear_shape(w), *more
    groups = (1, 2, 4) if w.width == 2 else (1,)
    for rows, columns in ((2, 2), (4, 4), (2, 4), (5, 5), (2, 5)):
        if w.width % rows or w.width % columns:
            continue
        for group in groups:
            tile = f"ROWS={rows}", f"COLS={columns}", f"GROUPS={group}"
            yield linear_call(w, build("linear.c", (*shape, *tile)))


def _perceptron_variants(w: MlpWorkload, more: tuple[str, ...]) -> Iterator[Runner]:
    for block in ("BLOCK=5", "BLOCK=10"):
        yield perceptron_call(w, build("mlp.c", (*perceptron_shape(w), *more, block)))


_VARIANTS: dict[type, Callable[..., Iterator[Runner]]] = {
    MapWorkload: _map_variants,
    LinearWorkload: _linear_variants,
    MlpWorkload: _perceptron_variants,
}
