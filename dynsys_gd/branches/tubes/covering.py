"""Cover the runs of a branch by tubes, halving where the proof fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cyclic_system import CyclicSystem
from .formulas import DEGREE
from .gap import BranchGap, GapReason
from .krawczyk import proved_tubes
from .method import Tubes
from .newton import corrected
from .polynomials import bounds_between
from .segment import BranchSegment
from .stretches import Run

__all__ = ["Piece", "covered", "passes"]

Bounds = NDArray[np.float64]

_FIRST = 4  # steps of the branch that are tried as one segment at first
_ROOMS = (0.1, 1e-3, 1e-6, 0.0)
_NUMBERS = 2**22  # entries of matrices that are held at once
_NEAR = 1e-6  # of the size: how far points of the branch may be from the orbits
_NODES = np.cos((2 * np.arange(DEGREE + 1) + 1) * np.pi / (2 * DEGREE + 2))
_TO_POWERS = np.linalg.inv(np.vander(_NODES, increasing=True))


@dataclass(frozen=True)
class Piece:
    """Values of the coordinate of a run, ascending, and what became of them."""

    run: int
    low: float
    high: float
    outcome: BranchSegment | BranchGap | None = None


def covered(
    system: CyclicSystem,
    runs: list[Run],
    method: Tubes,
    progress: Callable[[int, int | None], Any] | None,
) -> tuple[list[Piece], int]:
    """Return segments and gaps in the order of the branch, and how many proofs were tried."""
    pieces = [piece for k in range(len(runs)) for piece in _first_pieces(system, runs, k)]
    waiting = [piece for piece in pieces if piece.outcome is None]
    done = [piece for piece in pieces if piece.outcome is not None]
    spent = 0
    while waiting:
        left = method.attempts - spent
        late, waiting = waiting[max(left, 0) :], waiting[: max(left, 0)]
        done += [_lost(runs, piece, GapReason.ATTEMPTS) for piece in late]
        halved: list[Piece] = []
        for part in _batches(system, waiting):
            for piece, outcome in zip(part, _tried(system, runs, part, spent), strict=True):
                spent += 1
                halves = _halves(runs[piece.run], piece, method.shortest)
                if isinstance(outcome, BranchSegment) and (not halves or _thin(outcome, method)):
                    done.append(Piece(piece.run, piece.low, piece.high, outcome))
                elif halves:
                    halved += halves
                else:
                    assert isinstance(outcome, GapReason)
                    done.append(_lost(runs, piece, outcome))
            if progress is not None:
                progress(spent, None)
        waiting = halved
    ordered = sorted(done, key=lambda piece: (piece.run, _along(runs, piece)))
    return ordered, spent


def _thin(segment: BranchSegment, method: Tubes) -> bool:
    size = max(1.0, float(np.abs(segment.coefficients[:-1, 0]).max()))
    return bool(segment.width <= method.width * size)


def _along(runs: list[Run], piece: Piece) -> float:
    return piece.low if runs[piece.run].rising else -piece.high


def _first_pieces(system: CyclicSystem, runs: list[Run], k: int) -> Iterator[Piece]:
    """Yield pieces of a few steps; those next to points that are no orbits are lost at once."""
    run = runs[k]
    marks = run.values.copy()
    marks[0], marks[-1] = run.ends
    found, fine = corrected(system, run.coordinate, run.nodes)
    away = np.abs(found - run.nodes).max(axis=1)
    fine &= away <= _NEAR * np.maximum(1.0, np.abs(run.nodes).max(axis=1))
    sound = fine[1:] & fine[:-1]
    first = 0
    for last in range(1, len(marks)):
        same = last < len(marks) - 1 and sound[last] == sound[first]
        if same and not (sound[first] and last - first == _FIRST):
            continue
        low, high = sorted((float(marks[first]), float(marks[last])))
        piece = Piece(k, low, high)
        yield piece if sound[first] else _lost(runs, piece, GapReason.ELSEWHERE)
        first = last


def _halves(run: Run, piece: Piece, shortest: float) -> list[Piece]:
    middle = 0.5 * (piece.low + piece.high)
    whole = abs(run.ends[1] - run.ends[0])
    if piece.high - piece.low <= shortest * whole or not piece.low < middle < piece.high:
        return []
    return [Piece(piece.run, piece.low, middle), Piece(piece.run, middle, piece.high)]


def _lost(runs: list[Run], piece: Piece, reason: GapReason) -> Piece:
    run = runs[piece.run]
    values = run.guess(np.array([piece.low, piece.high]))[:, -1]
    where = (float(values.min()), float(values.max()))
    gap = BranchGap(parameter=where, reason=reason, stretch=run.stretch)
    return Piece(piece.run, piece.low, piece.high, gap)


def _batches(system: CyclicSystem, pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Yield pieces of one run each, as many as fit into memory together."""
    most = max(1, _NUMBERS // (system.size + 1) ** 2)
    for _, group in groupby(sorted(pieces, key=lambda piece: piece.run), lambda piece: piece.run):
        own = list(group)
        for start in range(0, len(own), most):
            yield own[start : start + most]


def _tried(
    system: CyclicSystem, runs: list[Run], pieces: list[Piece], number: int
) -> list[BranchSegment | GapReason]:
    run = runs[pieces[0].run]
    j, b = run.coordinate, len(pieces)
    low, high = (np.array([getattr(p, name) for p in pieces]) for name in ("low", "high"))
    centre = 0.5 * low + 0.5 * high
    half = np.nextafter(np.maximum(high - centre, centre - low), np.inf)
    values = (centre[:, None] + half[:, None] * _NODES).ravel()
    found, fine = corrected(system, j, run.guess(values))
    coefficients = np.einsum(
        "ok,bkw->bwo", _TO_POWERS, found.reshape(b, DEGREE + 1, system.size + 1)
    )
    coefficients[:, j] = 0.0
    coefficients[:, j, 0], coefficients[:, j, 1] = centre, half
    fine = np.all(fine.reshape(b, DEGREE + 1), axis=1)
    coefficients[~fine] = np.nan
    proof = proved_tubes(system, j, np.ascontiguousarray(coefficients), _ROOMS)
    shape = system.period, system.formulas.dimension
    outcomes: list[BranchSegment | GapReason] = []
    for k, piece in enumerate(pieces):
        if not proof.proved[k]:
            outcomes.append(GapReason.SINGULAR if fine[k] else GapReason.ELSEWHERE)
            continue
        segment = BranchSegment(
            coordinate=j,
            ends=(piece.low, piece.high),
            rising=run.rising,
            points=shape,
            coefficients=coefficients[k].copy(),
            radius=proof.radius[k].copy(),
            tight=proof.tight[k].copy(),
            proof=number + k,
        )
        outcomes.append(segment if passes(segment, run) else GapReason.ELSEWHERE)
    return outcomes


def passes(segment: BranchSegment, run: Run) -> bool:
    """Return whether the tube goes along the points of the branch."""
    nodes = run.near(*segment.ends)
    if not len(nodes):
        return True
    sigma = [segment.sigma(value, value) for value in nodes[:, segment.coordinate].tolist()]
    low, high = (np.concatenate([getattr(s, e) for s in sigma]) for e in ("lower", "upper"))
    curves = np.repeat(segment.coefficients[None], len(nodes), axis=0)
    away = np.abs(bounds_between(curves, low, high).middle() - nodes)
    scale = np.maximum(1.0, np.abs(nodes).max(axis=1, keepdims=True))
    return bool(np.all(away <= _NEAR * scale + segment.tight))
