"""Overlapping classes on which gradient descent on the logistic loss cycles beside its minimum."""

from __future__ import annotations

from typing import Any

import sympy as sp

from ...losses.symbolic import Loss
from .separation import MarginTerms, margin_loss

__all__ = ["crossed_lines", "is_crossed_steeply", "is_pulled_strongly", "pulled_line"]


def pulled_line(ratio: Any, *, minimiser: Any, pull: Any, far: int) -> Loss:
    """Return samples ±1 and ±`far` with one feature that have a cycle of period 2.

    Parameters
    ----------
    ratio : exact number
        γ = ηλ between 1 and 2, where η is the step size and λ the sharpness of the minimum.
    minimiser : exact number
        About where the minimum w* > 0 is to lie; small.
    pull : exact number
        Where it is above 1 there is a stable cycle at ηλ = γ, below 1 there is none.
    far : int
        Magnitude of the far samples, large.

    Returns
    -------
    Loss

    Notes
    -----
    Close to 0 the gradient of the samples ±1 has slope λ = 1/4; the far samples, of weight c each,
    add a jump J = 2 c · far at 0. On the right of it the gradient is λ(w - w*), on the left
    λ(w - w*) - J. A step from w* + a leads to w* - (γ - 1)a, and from there back where
    J = λa(2 - γ); it crosses the jump where (γ - 1)a = pull · w* > w*. The multiplier is (1 - γ)²,
    so that the cycle is stable.

    Examples
    --------
    >>> pulled_line("3/2", minimiser="1/10", pull="3/2", far=400).dimension
    1
    """
    gamma, near = sp.Rational(ratio), sp.Rational(minimiser)
    jump = sp.Rational(pull) * near / (gamma - 1) * (2 - gamma) / 4
    share, tilt = jump / (2 * far), near / 2 + jump
    weights = [(1 + tilt) / 2, (1 - tilt) / 2, share, share]
    return margin_loss([[1], [-1], [far], [-far]], weights)


def is_pulled_strongly(terms: MarginTerms, gamma: sp.Rational) -> bool:
    """Return whether data are those of `pulled_line` and hold a cycle at ηλ = γ, with room.

    The minimum lies within 1/10 of 0 and far · w* is at least 40, so that the jump is sharp; with
    a as above the lower end of the cycle, at least 2w*/5 beyond the jump, is farther than
    γa³/4, more than what the gradient of the samples ±1 falls short of a line.

    Examples
    --------
    >>> from dynsys_gd.claims.support.separation import margin_terms
    >>> weak = pulled_line("3/2", minimiser="1/10", pull="1/2", far=400)
    >>> is_pulled_strongly(margin_terms(weak), sp.Rational(3, 2))
    False
    """
    if len(terms.rows[0]) != 1:
        return False
    weight = {row[0]: c for row, c in zip(terms.rows, terms.weights, strict=True)}
    far = max(weight)
    if set(weight) != {1, -1, far, -far} or weight[far] != weight[-far]:
        return False
    jump = 2 * weight[far] * far
    minimiser = 2 * (weight[1] - weight[-1] - jump)
    if not (1 < gamma < 2 and 0 < minimiser <= sp.Rational(1, 10) and far * minimiser >= 40):
        return False
    a = 4 * jump / (2 - gamma)
    beyond = (gamma - 1) * a - minimiser
    return bool(beyond >= 2 * minimiser / 5 and beyond >= gamma * a**3 / 4)


def crossed_lines(*, minimiser: Any, jump: Any, slope: int, far: int) -> Loss:
    """Return samples with two features that have a cycle of period 2 even where ηλ < 1.

    Parameters
    ----------
    minimiser : exact number
        About where on the first axis the minimum is to lie, w* > 0; small.
    jump : exact number
        J, by which the gradient jumps across the lines on which far samples change their sign.
    slope : int
        r: the far samples are ±far · (1, ±r).
    far : int

    Returns
    -------
    Loss

    Notes
    -----
    Close to 0 the samples ±e₁, ±e₂ give a Hessian aI with a = 1/8; the far ones add jumps
    J (1, ±r) of the gradient. A cycle of period 2 that crosses one line on each step has, by
    symmetry, the points (w* + J/a, ±q), where a step reflects the second coordinate:
    -q = q - γ(q + rJ/a), so that q = rJγ/(a(2 - γ)). The points lie beyond the lines where
    rq > w* + J/a, for small w* where r² > (2 - γ)/γ. The multipliers are (1 - γ)².

    Examples
    --------
    >>> crossed_lines(minimiser="1/20", jump="1/20", slope=2, far=400).dimension
    2
    """
    j, near = sp.Rational(jump), sp.Rational(minimiser)
    tilt, share = near / 2 + 4 * j, j / (2 * far)
    rows = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    rows += [[a * far, b * slope * far] for a, b in ((1, 1), (-1, -1), (1, -1), (-1, 1))]
    quarter = sp.Rational(1, 4)
    weights = [(1 + tilt) / 4, (1 - tilt) / 4, quarter, quarter, *[share] * 4]
    return margin_loss(rows, weights)


def is_crossed_steeply(terms: MarginTerms, gamma: sp.Rational) -> bool:
    """Return whether data are those of `crossed_lines` and hold a cycle at ηλ = γ, with room.

    Its points lie beyond the lines by an eighth of their first coordinate at least, which is below
    3/5, and within 1 of 0; the minimum lies within 1/10 of 0, and the jumps are sharp: `far` times
    these distances is at least 20.

    Examples
    --------
    >>> from dynsys_gd.claims.support.separation import margin_terms
    >>> steep = crossed_lines(minimiser="1/20", jump="1/20", slope=2, far=400)
    >>> is_crossed_steeply(margin_terms(steep), sp.Rational(4, 5))
    True
    """
    if len(terms.rows[0]) != 2:
        return False
    weight = dict(zip(terms.rows, terms.weights, strict=True))
    far, slope = max(row[0] for row in weight), max(row[1] / row[0] for row in weight if row[0])
    share = weight.get((far, slope * far))
    if share is None or (1, 0) not in weight or (-1, 0) not in weight:
        return False
    jump = 2 * far * share
    minimiser = 4 * (weight[1, 0] - weight[-1, 0]) - 8 * jump
    if not (0 < gamma < 2 and 0 < minimiser <= sp.Rational(1, 10)):
        return False
    same = crossed_lines(minimiser=minimiser, jump=jump, slope=slope, far=far)
    expected = margin_loss([*weight], [*weight.values()])
    away = 8 * slope * jump * gamma / (2 - gamma)
    end = minimiser + 8 * jump
    beyond, small = slope * away - end, end <= sp.Rational(3, 5) and away <= 1
    sharp = far * min(minimiser, beyond) >= 20
    return bool(same == expected and small and sharp and beyond >= end / 8)
