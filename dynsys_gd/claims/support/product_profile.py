"""Is a loss a function ℓ of the product of its coordinates, and how does ℓ grow?"""

from __future__ import annotations

import sympy as sp

from ...evidence import Grade, Outcome
from ...losses.base import AbstractLoss
from ...maps.gradient_descent import GradientDescent
from ..claim import Instance
from ..declare import condition, yes_if

__all__ = [
    "AT_MOST_LINEAR_GROWTH",
    "BOUNDED_SLOPE",
    "EVEN_CONVEX_LIPSCHITZ",
    "FALLING_CURVATURE",
    "P",
    "curvature_falls",
    "gap_constant",
    "growth_degree",
    "is_even",
    "product_profile",
    "slope_bound",
]

P = sp.Symbol("p", real=True)


def product_profile(loss: AbstractLoss) -> sp.Expr | None:
    """Return ℓ(p) with L(θ) = ℓ(θ_1 θ_2 ⋯ θ_d), or None where the loss is not seen to be one.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Loss
    >>> product_profile(Loss((x*y - 1)**2 / 2, [x, y]))
    (p - 1)**2/2
    >>> product_profile(Loss((x + y)**2 / 2, [x, y])) is None
    True
    """
    form = loss.symbolic
    if form is None or loss.parameters:
        return None
    first, *others = form.variables
    on_all = form.bound.subs(first, P / sp.Mul(*others))
    profile = sp.simplify(on_all)
    # Any variable that is left would make the loss differ on points of equal product.
    return profile if profile.free_symbols <= {P} else None


def is_even(profile: sp.Expr) -> bool:
    """Return whether algebra shows that ℓ(-p) = ℓ(p).

    Examples
    --------
    >>> is_even(sp.sqrt(1 + P**2)), is_even(P**3)
    (True, False)
    """
    form = _plain(profile)
    return sp.simplify(form - form.subs(P, -P)) == 0


def growth_degree(profile: sp.Expr) -> sp.Expr:
    """Return lim |p ℓ'(p)/ℓ(p)| as p -> ±∞, the larger of the two.

    Examples
    --------
    >>> growth_degree(sp.sqrt(1 + P**2)), growth_degree((P**3 - 1)**2 / 18)
    (1, 6)
    """
    ratio = _plain(sp.simplify(P * sp.diff(profile, P) / profile))
    return sp.Max(*(sp.Abs(sp.limit(ratio, P, end)) for end in (sp.oo, -sp.oo)))


def slope_bound(profile: sp.Expr) -> sp.Expr | None:
    """Return sup |ℓ'| for a convex ℓ, or None where ℓ is not seen to be convex.

    The slope of a convex function grows from one end of the line to the other, so that its
    supremum is the larger of the two limits.

    Examples
    --------
    >>> slope_bound(sp.sqrt(1 + P**2)), slope_bound(P**2 / 2), slope_bound(sp.cos(P))
    (1, oo, None)
    """
    slope = _plain(sp.diff(profile, P))
    if not sp.simplify(sp.diff(slope, P)).is_nonnegative:
        return None
    return sp.Max(*(sp.Abs(sp.limit(slope, P, end)) for end in (sp.oo, -sp.oo)))


def curvature_falls(profile: sp.Expr) -> Outcome:
    """Return whether ℓ'' falls on the right of 0, where algebra tells; there ℓ'(p)/p falls too.

    Examples
    --------
    >>> curvature_falls(sp.sqrt(1 + P**2)), curvature_falls(P**2 / 2)
    (<Outcome.YES: 'yes'>, <Outcome.NO: 'no'>)
    """
    right = sp.Symbol("p", positive=True)
    third = sp.simplify(sp.diff(profile, P, 3).subs(P, right))
    if third.is_negative:
        return Outcome.YES
    rises_at_first = sp.diff(profile, P, 4).subs(P, 0).is_positive
    return Outcome.NO if third.is_nonnegative or rises_at_first else Outcome.UNDECIDED


def gap_constant(profile: sp.Expr, at: int = 0) -> float:
    """Return 1/|r''(0)| for r(s) = ℓ'(at + s)/s, ℓ even about `at`; NaN where ℓ'' does not fall.

    Beyond the edge orbits end at a sharpness η/|r''(0)| below 2/η, to leading order; r''(0) is a
    third of the fourth derivative.

    Examples
    --------
    >>> gap_constant(sp.sqrt(1 + P**2)), gap_constant(P**2 / 2)
    (1.0, nan)
    """
    bend = float(sp.diff(profile, P, 4).subs(P, at) / 3)
    return -1 / bend if bend < 0 else float("nan")


def _plain(expression: sp.Expr) -> sp.Expr:
    """Return the expression in exponentials, of which limits are known."""
    return expression.rewrite(sp.exp)


def _profile_of_descent(instance: Instance) -> sp.Expr | None:
    """Return ℓ where the map is gradient descent on a function ℓ(xy) of two parameters."""
    alike = isinstance(instance.F, GradientDescent) and instance.loss.dimension == 2
    return product_profile(instance.loss) if alike else None


def _even_convex_lipschitz(instance: Instance) -> tuple[Outcome, str]:
    if not isinstance(instance.F, GradientDescent):
        return Outcome.NO, "not gradient descent"
    profile = _profile_of_descent(instance)
    if profile is None:
        return Outcome.UNDECIDED, "not seen to be a function of the product of two parameters"
    bound = slope_bound(profile)
    if bound is None:
        return Outcome.UNDECIDED, f"ℓ = {profile} is not seen to be convex"
    bend = sp.diff(profile, P, 2).subs(P, 0)
    detail = f"ℓ = {profile}, sup|ℓ'| = {bound}, ℓ''(0) = {bend}"
    known = yes_if(is_even(profile) and bend == 1 and bound.is_finite)
    return Outcome.all_of([known, curvature_falls(profile)]), detail


EVEN_CONVEX_LIPSCHITZ = condition(
    "even, convex and Lipschitz",
    "the map is gradient descent on ℓ(xy) with ℓ even, convex and Lipschitz, ℓ''(0) = 1, and ℓ'' "
    "falling away from 0",
    _even_convex_lipschitz,
    grade=Grade.PROVED,
    reason="exact derivatives, and limits at infinity",
)


def _curvature_falls(instance: Instance) -> tuple[Outcome, str]:
    if not isinstance(instance.F, GradientDescent):
        return Outcome.NO, "not gradient descent"
    profile = _profile_of_descent(instance)
    if profile is None:
        return Outcome.UNDECIDED, "not seen to be a function of the product of two parameters"
    shifted = sp.simplify(profile.subs(P, P + 1))
    bend = sp.diff(shifted, P, 2).subs(P, 0)
    known = yes_if(is_even(shifted) and bend == 1)
    return Outcome.all_of([known, curvature_falls(shifted)]), f"ℓ(s) = {shifted}"


FALLING_CURVATURE = condition(
    "falling curvature",
    "the map is gradient descent on ℓ(xy - 1) with ℓ even, ℓ''(0) = 1, and ℓ'' falling away from 0",
    _curvature_falls,
    grade=Grade.PROVED,
    reason="exact derivatives",
)


def _grows_at_most_linearly(instance: Instance) -> tuple[Outcome, str]:
    profile = product_profile(instance.loss)
    if profile is None:
        return Outcome.UNDECIDED, "not seen to be a function of the product"
    try:
        degree = growth_degree(profile)
    except NotImplementedError:  # of sympy, for limits that it does not know
        return Outcome.UNDECIDED, "the growth degree is not known"
    if not degree.is_extended_real:  # an oscillation
        return Outcome.UNDECIDED, f"degree {degree}"
    return yes_if(bool(degree <= 1)), f"degree {degree}"


AT_MOST_LINEAR_GROWTH = condition(
    "good regularity",
    "the loss is ℓ(xy), and its growth degree lim pℓ'(p)/ℓ(p) at infinity is at most 1",
    _grows_at_most_linearly,
    grade=Grade.PROVED,
    reason="exact limits",
)


def _is_bounded(instance: Instance) -> tuple[Outcome, str]:
    if not isinstance(instance.F, GradientDescent):
        return Outcome.NO, "not gradient descent"
    profile = _profile_of_descent(instance)
    if profile is None or slope_bound(profile) is None:
        return Outcome.UNDECIDED, "ℓ is not seen to be convex"
    bound, step = slope_bound(profile), sp.sympify(instance.step_size)
    if not step.is_number:
        return Outcome.UNDECIDED, "the step size is open"
    return yes_if(bool((step * bound) ** 2 <= 2)), f"sup|ℓ'| = {bound}"


BOUNDED_SLOPE = condition(
    "bounded slope",
    "the map is gradient descent on ℓ(xy) with ℓ convex and h sup|ℓ'| ≤ √2",
    _is_bounded,
    grade=Grade.PROVED,
    reason="exact limits of the slope",
)
