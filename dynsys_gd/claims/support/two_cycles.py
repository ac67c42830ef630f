"""Cycles of period two just beyond the edge: when they attract, how wide they are, and where."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...evidence import Grade, Outcome
from ...losses.base import AbstractLoss
from ...losses.linear_network import LinearNetwork
from ...losses.symbolic import Loss
from ...maps.gradient_descent import GradientDescent
from ...regions import Gaussian
from ..claim import Hypothesis, Instance
from ..declare import condition, yes_if

__all__ = [
    "BETWEEN_THE_FLIPS",
    "CRITERION",
    "ONE_DIRECTION",
    "PRODUCT",
    "SECOND_FLIP",
    "TWO_FACTORS",
    "alternating_values",
    "derivatives_at_zero",
    "flip_coefficient",
    "just_beyond",
    "leading_imbalance",
    "quartic",
    "random_factorisation",
    "ratio_between",
    "small_weights",
]

Array = NDArray[np.float64]

SECOND_FLIP = sp.sqrt(5) - 1  # at which ησ the 2-cycle of ½(xy - σ)² with x = y doubles


def quartic(third: Any, fourth: Any) -> Loss:
    """Return x²/2 + a x³/6 + b x⁴/24, whose derivatives at 0 are 0, 1, a and b.

    Examples
    --------
    >>> quartic(1, "1/2").symbolic.bound
    x**4/48 + x**3/6 + x**2/2
    """
    x = sp.Symbol("x")
    return Loss(x**2 / 2 + sp.sympify(third) * x**3 / 6 + sp.sympify(fourth) * x**4 / 24, [x])


def derivatives_at_zero(loss: AbstractLoss | None) -> tuple[sp.Expr, ...] | None:
    """Return f', f'', f''' and f'''' at 0, exactly; None for a loss of several coordinates.

    Examples
    --------
    >>> derivatives_at_zero(quartic(1, 2))
    (0, 1, 1, 2)
    """
    form = None if loss is None else loss.symbolic
    if form is None or len(form.variables) != 1 or loss is None or loss.parameters:
        return None
    (x,) = form.variables
    return tuple(sp.diff(form.bound, x, order).subs(x, 0) for order in range(1, 5))


def flip_coefficient(loss: AbstractLoss) -> sp.Expr:
    """Return c of the normal form w -> -(1 + μ) w + c w³ of the minimum 0 at step size 2/f''.

    c = (f'''² - f'' f''''/3) / f''², the value of η (f'''²/(2 f'') - f''''/6) there.

    Examples
    --------
    >>> flip_coefficient(quartic(1, 2))
    1/3
    """
    jet = derivatives_at_zero(loss)
    assert jet is not None
    _, second, third, fourth = jet
    return (third**2 - second * fourth / 3) / second**2


def _meets_criterion(instance: Instance) -> tuple[Outcome, str]:
    jet = derivatives_at_zero(instance.F.loss)
    if jet is None:
        return Outcome.NO, "the loss is no formula in one coordinate"
    left, right = 3 * jet[2] ** 2, jet[1] * jet[3]
    return yes_if(bool(left > right)), f"{left} and {right}"


CRITERION = condition(
    "criterion",
    "3f'''² > f''f'''' at 0",
    _meets_criterion,
    grade=Grade.PROVED,
    reason="exact derivatives",
)


def just_beyond(most: Any, near: Any) -> Hypothesis:
    """Return the hypothesis that 0 is a minimum of a quartic with ηf'' - 2 small in three senses.

    At most `most`; at most a tenth of the square of 1 - f''f''''/(3f'''²), the margin by which the
    flip is supercritical; and such that the leading amplitude is at most half of `near`.
    """

    def check(instance: Instance) -> tuple[Outcome, str]:
        jet = derivatives_at_zero(instance.F.loss)
        form = instance.loss.symbolic
        if jet is None or form is None or not form.bound.is_polynomial(*form.variables):
            return Outcome.NO, "the loss is no polynomial in one coordinate"
        if sp.degree(form.bound, *form.variables) > 4 or jet[0] != 0 or not jet[1] > 0:
            return Outcome.NO, "no quartic with a minimum at 0"
        excess, c = instance.step_size * jet[1] - 2, flip_coefficient(instance.loss)
        met = 0 < excess <= sp.Rational(most) and excess <= sp.Abs(c) * sp.Rational(near) ** 2 / 4
        if jet[2] != 0:
            met = met and excess <= (1 - jet[1] * jet[3] / (3 * jet[2] ** 2)) ** 2 / 10
        return yes_if(bool(met)), f"ηf'' - 2 = {excess}, c = {c}"

    return condition(
        "just beyond the edge",
        f"f is a quartic with a minimum at 0, and 0 < ηf'' - 2 ≤ {most}, cδ²/4, "
        f"(1 - f''f''''/3f'''²)²/10, with δ = {near}",
        check,
        grade=Grade.PROVED,
        reason="exact derivatives",
    )


def random_factorisation(
    size: int, hidden: tuple[int, ...], singular_values: tuple[float, ...], *, rng: int
) -> LinearNetwork:
    """Return ½‖W_N … W_1 - M‖² for a random square M with these singular values.

    Examples
    --------
    >>> net = random_factorisation(3, (2,), (2.0, 1.0), rng=0)
    >>> net.widths, round(float(net(np.zeros(net.dimension))), 12)
    ((3, 2, 3), 2.5)
    """
    from scipy.stats import ortho_group

    generator = np.random.default_rng(rng)
    left, right = (ortho_group.rvs(size, random_state=generator) for _ in range(2))
    rank = len(singular_values)
    target = (left[:, :rank] * singular_values) @ right[:, :rank].T
    scale = np.sqrt(size)  # so that the mean over the samples is the loss above
    return LinearNetwork((size, *hidden, size), scale * np.eye(size), scale * target.T)


def alternating_values(ratio: float) -> tuple[float, float]:
    """Return between which values xy/σ alternates on the 2-cycle x = y of ½(xy - σ)², ησ = ratio.

    With z = x²/σ they are the roots of z² - (1 + 1/ησ) z + 1/(ησ)² = 0.

    Examples
    --------
    >>> [round(value, 4) for value in alternating_values(1.1)]
    [0.6635, 1.2456]
    """
    middle = (1 + 1 / ratio) / 2
    half = float(np.sqrt(max(middle**2 - 1 / ratio**2, 0.0)))
    return middle - half, middle + half


def leading_imbalance(net: LinearNetwork, points: Array) -> tuple[Array, Array]:
    """Return for two factors the leading value u₁ᵀ W_2 W_1 v₁ and the imbalance beside it.

    u₁ and v₁ are the leading singular vectors of the target M. The imbalance is
    | |W_2ᵀ u₁| - |W_1 v₁| |, which vanishes where both factors carry that direction alike.

    Returns
    -------
    values, imbalance : ndarray, shape (n,)
    """
    (d, h), n = net.widths[:2], len(points)
    first, second = points[:, : h * d].reshape(n, h, d), points[:, h * d :].reshape(n, d, h)
    left, _, right = np.linalg.svd(np.linalg.lstsq(net.X, net.Y, rcond=None)[0].T)
    from_left = np.einsum("nij,i->nj", second, left[:, 0])
    from_right = np.einsum("nij,j->ni", first, right[0])
    lengths = (np.linalg.norm(side, axis=1) for side in (from_left, from_right))
    one, other = lengths
    return np.einsum("ni,ni->n", from_left, from_right), np.abs(one - other)


def _has_two_factors(instance: Instance) -> tuple[Outcome, str]:
    F, net = instance.F, instance.F.loss
    if not isinstance(F, GradientDescent) or not isinstance(net, LinearNetwork) or net.depth != 2:
        return Outcome.NO, F.describe()
    X = np.asarray(net.X)
    white = X.shape[0] == X.shape[1] and X[0, 0] > 0 and np.array_equal(X, X[0, 0] * np.eye(len(X)))
    return yes_if(white), F.describe()


def _is_product(instance: Instance) -> tuple[Outcome, str]:
    form = instance.loss.symbolic
    if form is None or len(form.variables) != 2 or not isinstance(instance.F, GradientDescent):
        return Outcome.NO, instance.F.describe()
    x, y = form.variables
    return yes_if(sp.expand(form.bound - (x * y - 1) ** 2 / 2) == 0), instance.F.describe()


def _is_between(instance: Instance) -> tuple[Outcome, str]:
    step = sp.sympify(instance.step_size)
    if not step.is_number:
        return Outcome.UNDECIDED, "the step size is open"
    return yes_if(bool(step > 1) and bool(step < SECOND_FLIP)), f"step size {step}"


PRODUCT = condition(
    "product",
    "the map is gradient descent on ½(xy - 1)²",
    _is_product,
    grade=Grade.PROVED,
    reason="by its form",
)
BETWEEN_THE_FLIPS = condition(
    "between the flips",
    "the step size lies between 1 and √5 - 1",
    _is_between,
    grade=Grade.PROVED,
    reason="exact comparison",
)
TWO_FACTORS = condition(
    "two factors",
    "the map is gradient descent on ½‖W_2 W_1 - M‖², up to a factor",
    _has_two_factors,
    grade=Grade.PROVED,
    reason="by its form",
)


def ratio_between() -> Hypothesis:
    """Return the hypothesis that η lies between 1 and √5 - 1 times the critical step size."""

    def check(instance: Instance) -> tuple[Outcome, str]:
        step, threshold = sp.sympify(instance.step_size), instance.threshold
        if not step.is_number:
            return Outcome.UNDECIDED, "the step size is open"
        told = f"{float(step / threshold.value):.4g} of the critical step size"
        low, high = (sp.Rational(end) for end in (threshold.lower, threshold.upper))
        if high < step < SECOND_FLIP * low:
            return Outcome.YES, told
        outside = step < low or step > SECOND_FLIP * high
        return (Outcome.NO if outside else Outcome.UNDECIDED), told

    return condition(
        "between the flips",
        "the step size lies between 1 and √5 - 1 times the critical one",
        check,
        grade=Grade.CERTIFIED,
        reason="enclosed critical step size",
    )


def small_weights(largest: float) -> Hypothesis:
    """Return the hypothesis that the first weights are normal about 0 and small beside √σ."""

    def check(instance: Instance) -> tuple[Outcome, str]:
        law, threshold = instance.region, instance.threshold
        if not isinstance(law, Gaussian) or any(law.mean):
            return Outcome.UNDECIDED, "not normal about 0"
        square = sp.Rational(max(law.scale)) ** 2  # the critical step size is 1/σ
        met = square * sp.Rational(threshold.upper) <= sp.Rational(largest) ** 2
        return yes_if(bool(met)), f"{float(max(law.scale) * threshold.value**0.5):.3g}"

    return condition(
        "small weights",
        f"the first weights are normal about 0, their deviation over √σ is at most {largest:g}",
        check,
        grade=Grade.CERTIFIED,
        reason="enclosed critical step size, which is 1/σ",
    )


def _has_one_direction(instance: Instance) -> tuple[Outcome, str]:
    net = instance.loss
    if not isinstance(net, LinearNetwork) or _has_two_factors(instance)[0] is not Outcome.YES:
        return Outcome.UNDECIDED, "not known for other maps"
    # The critical step size is 1/σ, so that no singular value but σ may exceed this bound.
    most = 2 / sp.Rational(instance.step_size) - 1 / sp.Rational(instance.threshold.lower)
    one, Y = sp.Rational(float(net.X[0, 0])), sp.Matrix(_rational(net.Y))
    gap = sp.eye(Y.shape[1]) * (one * most) ** 2 - Y.T * Y
    minors = [sp.Integer(1), *(gap[:k, :k].det() for k in range(1, Y.shape[1] + 1))]
    if most <= 0 or any(minor == 0 for minor in minors):
        return (Outcome.NO if most <= 0 else Outcome.UNDECIDED), f"2/η - σ = {float(most):.4g}"
    above = sum((a > 0) != (b > 0) for a, b in pairwise(minors))
    return yes_if(above <= 1), f"{above} singular values above 2/η - σ = {float(most):.4g}"


def _rational(values: Any) -> list[list[sp.Rational]]:
    return [[sp.Rational(float(value)) for value in row] for row in np.asarray(values)]


ONE_DIRECTION = condition(
    "one direction",
    "the two largest singular values of M have a sum below 2/η",
    _has_one_direction,
    grade=Grade.CERTIFIED,
    reason="enclosed critical step size, and minors in rational arithmetic",
)
