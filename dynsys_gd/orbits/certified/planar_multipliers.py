"""Multipliers of orbits of at most two dimensions: trace and determinant of a long product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .enclosed import Enclosed, ScaledNumber, matrix_product, rescaled
from .frames import frames_along

__all__ = [
    "Located",
    "from_trace_and_determinant",
    "on_the_line",
    "product_of",
    "together",
    "trace_along",
]

UNKNOWN = -1  # a count that is not decided


@dataclass(frozen=True, eq=False)
class Located:
    """Where the D multipliers of n orbits are.

    Parameters
    ----------
    real, imaginary : Enclosed, shape (D, n)
    inside, on, outside : ndarray of int, shape (n,)
        How many are proved to lie inside, on and outside the unit circle.
    flips : ndarray of int, shape (n,)
        How many are real and below -1; -1 where that is not decided.
    """

    real: Enclosed
    imaginary: Enclosed
    inside: NDArray[np.int64]
    on: NDArray[np.int64]
    outside: NDArray[np.int64]
    flips: NDArray[np.int64]


def together(parts: Sequence[Located]) -> Located:
    """Return the multipliers of several groups of coordinates as those of the whole."""
    flips = np.stack([part.flips for part in parts])

    def joined(numbers: Sequence[Enclosed]) -> Enclosed:
        return Enclosed(
            np.concatenate([number.lower for number in numbers]),
            np.concatenate([number.upper for number in numbers]),
        )

    return Located(
        joined([part.real for part in parts]),
        joined([part.imaginary for part in parts]),
        np.sum([part.inside for part in parts], axis=0),
        np.sum([part.on for part in parts], axis=0),
        np.sum([part.outside for part in parts], axis=0),
        np.where((flips != UNKNOWN).all(axis=0), flips.sum(axis=0), UNKNOWN),
    )


def product_of(factors: Enclosed) -> Enclosed:
    """Return the products of p numbers, (p, n) to (n,)."""
    one = Enclosed.of(np.ones(factors.lower.shape[1]))
    done = ScaledNumber(one, np.zeros(factors.lower.shape[1], dtype=np.int64))
    for k in range(factors.lower.shape[0]):
        done = rescaled(done.part * factors[k], done.exponent)
    return done.value()


def on_the_line(numbers: Enclosed) -> Located:
    """Return where real multipliers (D, n) are."""
    size = abs(numbers)
    inside, outside = size.upper < 1, size.lower > 1
    flip, other = numbers.upper < -1, numbers.lower >= -1
    exact = numbers.lower == numbers.upper
    on = exact & (size.upper == 1)
    flips = np.where((flip | other).all(axis=0), flip.sum(axis=0), UNKNOWN)
    zero = Enclosed.of(np.zeros_like(numbers.lower))
    return Located(numbers, zero, inside.sum(axis=0), on.sum(axis=0), outside.sum(axis=0), flips)


def trace_along(slopes: Enclosed) -> Enclosed:
    """Return the trace of J_(p-1) ... J_0 for 2 x 2 matrices (2, 2, p, n).

    Notes
    -----
    In orthogonal frames that flow along the orbit the factors are triangular up to rounding, so
    that the bounds grow like the product itself and not like the product of norms.
    """
    _, _, p, n = slopes.lower.shape
    frames = frames_along(slopes.middle())[0]
    # A column that became zero leaves no frame: any other one is as right.
    known = np.isfinite(frames).all(axis=(0, 1, 2)) & (np.abs(_determinant(frames)) > 0.5).all(0)
    frames = np.where(known, frames, np.eye(2)[None, :, :, None])
    q = Enclosed.of(frames.transpose(1, 2, 0, 3))
    following = Enclosed.of(np.roll(frames, -1, axis=0).transpose(1, 2, 0, 3))
    turned = matrix_product(_inverse(following), matrix_product(slopes, q))
    done = ScaledNumber(turned[:, :, 0], np.zeros(n, dtype=np.int64))
    for k in range(1, p):
        done = rescaled(matrix_product(turned[:, :, k], done.part), done.exponent)
    return ScaledNumber(done.part[0, 0] + done.part[1, 1], done.exponent).value()


def _determinant(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(frames[:, 0, 0] * frames[:, 1, 1] - frames[:, 0, 1] * frames[:, 1, 0])


def _inverse(matrices: Enclosed) -> Enclosed:
    a, b, c, d = matrices[0, 0], matrices[0, 1], matrices[1, 0], matrices[1, 1]
    det = a * d - b * c
    return Enclosed.stack(
        [Enclosed.stack([d / det, -b / det]), Enclosed.stack([-c / det, a / det])]
    )


def from_trace_and_determinant(
    trace: Enclosed, det: Enclosed, unimodular: NDArray[np.bool_] | bool = False
) -> Located:
    """Return where the two eigenvalues of n matrices are.

    Parameters
    ----------
    trace, det : Enclosed, shape (n,)
    unimodular : bool
        Whether the determinant is exactly one, so that complex eigenvalues are on the unit circle.

    Notes
    -----
    With q = det / trace² the larger one is trace (1 + √(1 - 4q)) / 2 and the smaller one is the
    determinant over it, so that nothing cancels; complex ones have modulus √det. The counts also
    use the signs of the characteristic polynomial at 1 and -1 (Jury's conditions).
    """
    sign = np.where(trace.middle() >= 0, 1.0, -1.0)
    signs = Enclosed.of(sign)
    size = trace * signs  # not negative but where its sign is open
    discriminant = trace.square() - 4.0 * det
    root = discriminant.root()
    one_sign = size.lower > 0
    share = 1.0 - 4.0 * ((det / size) / size)
    large = (size + root) * 0.5
    large = large.where(~one_sign, large.meet(size * (1.0 + share.root()) * 0.5))
    small = (size - root) * 0.5
    other = det / large
    small = small.where(~(large.lower > 0), small.meet(other))
    real = (discriminant.lower >= 0) | (one_sign & (share.lower >= 0))
    complex_pair = (discriminant.upper < 0) | (one_sign & (share.upper < 0))
    # Where neither is sure, both share a box around half the trace.
    half = size * 0.5
    spread = root.upper * 0.5
    zero = np.zeros_like(spread)
    both = half + Enclosed(-spread, spread)
    height = (-discriminant).root() * 0.5
    around = half.where(complex_pair, both)
    real_parts = Enclosed.stack(
        [large.where(real, around) * signs, small.where(real, around) * signs]
    )
    line = Enclosed(zero, zero)
    free = Enclosed(-height.upper, height.upper)
    above = height.where(complex_pair, free)
    imaginary = Enclosed.stack([line.where(real, above), line.where(real, -above)])
    return _counted(real_parts, imaginary, trace, det, real, complex_pair, unimodular)


def _counted(
    real_parts: Enclosed,
    imaginary: Enclosed,
    trace: Enclosed,
    det: Enclosed,
    real: NDArray[np.bool_],
    complex_pair: NDArray[np.bool_],
    unimodular: NDArray[np.bool_] | bool,
) -> Located:
    on_line = on_the_line(real_parts)
    at_one, at_minus_one = 1.0 - trace + det, 1.0 + trace + det
    modulus = abs(det)
    both_in = (modulus.upper < 1) & (at_one.lower > 0) & (at_minus_one.lower > 0)
    # The reversed polynomial has the reciprocal eigenvalues.
    same = (at_one.lower > 0) & (at_minus_one.lower > 0) & (det.lower > 1)
    opposite = (at_one.upper < 0) & (at_minus_one.upper < 0) & (det.upper < -1)
    both_out = same | opposite
    apart = ((at_one.lower > 0) & (at_minus_one.upper < 0)) | (
        (at_one.upper < 0) & (at_minus_one.lower > 0)
    )
    both_in |= (complex_pair & (det.upper < 1)) | (real & (on_line.inside == 2))
    both_out |= (complex_pair & (det.lower > 1)) | (real & (on_line.outside == 2))
    apart |= real & (on_line.inside == 1) & (on_line.outside == 1)
    elliptic = complex_pair & unimodular
    decided = both_in | both_out | apart
    inside = np.where(real, on_line.inside, 0)
    outside = np.where(real, on_line.outside, 0)
    inside = np.where(decided, 2 * both_in + apart, inside)
    outside = np.where(decided, 2 * both_out + apart, outside)
    on = np.where(elliptic, 2, np.where(real, on_line.on, 0))
    inside, outside = np.where(elliptic, 0, inside), np.where(elliptic, 0, outside)
    # Without a real eigenvalue outside on the left there is no flip, whatever else is open.
    none = complex_pair | both_in | (at_minus_one.lower > 0) & (trace.lower > -2)
    flips = np.where(none, 0, np.where(real, on_line.flips, UNKNOWN))
    # -1 between the eigenvalues: one is a flip; 1 between them, and only 1: none is.
    flips = np.where((at_minus_one.upper < 0) & (at_one.lower > 0), 1, flips)
    flips = np.where((at_minus_one.lower > 0) & (at_one.upper < 0), 0, flips)
    return Located(real_parts, imaginary, inside, on, outside, flips)
