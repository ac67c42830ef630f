"""Test functions: what changes its sign along a curve at a point of codimension two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...orbits.normal_forms.kinds import Bifurcation
from .codimension_two import CodimensionTwo
from .spot import Spot

__all__ = ["CONDITIONS"]

Array = NDArray[Any]


def _turn(here: Spot, reference: Spot) -> float:
    """Return ±1: by which sign both singular vectors together differ from those nearby."""
    right = np.sign(np.sum(here.frame.right[:, -1] * reference.frame.right[:, -1]))
    left = np.sign(np.sum(here.frame.left[:, -1] * reference.frame.left[:, -1]))
    return float(right * left)


def _overlap(here: Spot, reference: Spot) -> float:
    """Return ℓ q, which vanishes where the critical multiplier is a double one."""
    q, left = here.direction
    return float(left @ q) * _turn(here, reference)


def _bend(here: Spot, reference: Spot) -> float:
    """Return the coefficient times what takes out its poles at other multipliers 1."""
    raw = here.raw
    if raw is None or not np.isfinite(raw.value):
        return float("nan")
    if here.curve.turning:
        return raw.value * _units(here, reference)
    if here.curve.bifurcation is Bifurcation.FLIP:
        return raw.value * _turn(here, reference) * _units(here, reference)
    # ψ B(φ, φ) belongs to φ up to a sign that `_turn` does not see.
    right = np.sign(np.sum(here.frame.right[:, -1] * reference.frame.right[:, -1]))
    return raw.value * _turn(here, reference) * float(right)


def _units(here: Spot, _: Spot) -> float:
    return _scaled(1.0 - here.others, here.others)


def _flips(here: Spot, _: Spot) -> float:
    return _scaled(1.0 + here.others, here.others)


def _pairs(here: Spot, _: Spot) -> float:
    first, second = np.triu_indices(len(here.others), 1)
    product = here.others[first] * here.others[second]
    return _scaled(1.0 - product, product)


def _scaled(factors: Array, of: Array) -> float:
    """Return a product of factors, each divided by what it cannot exceed."""
    with np.errstate(invalid="ignore"):
        return float(np.prod(factors / (1.0 + np.abs(of))).real)


def _cosine(offset: float) -> Callable[[Spot, Spot], float]:
    return lambda here, _: here.curve.cosine(here.u) - offset


_C = CodimensionTwo
_REAL: dict[CodimensionTwo, Callable[[Spot, Spot], float]] = {
    _C.GENERALIZED_FLIP: _bend,
    _C.RESONANCE_1_2: _overlap,
    _C.TWO_FLIPS: _flips,
    _C.FOLD_FLIP: _units,
    _C.FLIP_NEIMARK_SACKER: _pairs,
}
_CROSSING: dict[CodimensionTwo, Callable[[Spot, Spot], float]] = {
    _C.RESONANCE_1_1: _overlap,
    _C.FOLD_FLIP: _flips,
    _C.FOLD_NEIMARK_SACKER: _pairs,
}
#: for each kind of curve what may happen on it, and the function that changes its sign there
CONDITIONS: dict[Bifurcation, dict[CodimensionTwo, Callable[[Spot, Spot], float]]] = {
    Bifurcation.FLIP: _REAL,
    Bifurcation.FOLD: {_C.CUSP: _bend, **_CROSSING},
    Bifurcation.PITCHFORK: _CROSSING,
    Bifurcation.TRANSCRITICAL: _CROSSING,
    Bifurcation.NEIMARK_SACKER: {
        _C.RESONANCE_1_1: _cosine(1.0),
        _C.RESONANCE_1_2: _cosine(-1.0),
        _C.RESONANCE_1_3: _cosine(-0.5),
        _C.RESONANCE_1_4: _cosine(0.0),
        _C.CHENCINER: _bend,
        _C.FOLD_NEIMARK_SACKER: _units,
        _C.FLIP_NEIMARK_SACKER: _flips,
        _C.TWO_PAIRS: _pairs,
    },
}
