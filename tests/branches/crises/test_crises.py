"""Crises of maps of the line, against values known to many digits; maps without crises."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import sympy as sp
from sympy.abc import eta, r, u, x, y

import dynsys_gd as dg
from dynsys_gd import CrisisKind, Outcome

LOGISTIC = dg.SymbolicMap([r * x * (1 - x)], [x])


def balanced(factors):
    """The balanced line of a product of so many factors."""
    return dg.SymbolicMap([u - eta * (u**factors - 1) * u ** (factors - 1)], [u])


@cache
def found(F, to, values, region=(-2, 2)):
    name = F.parameters[0]
    return dg.crises(F, dg.Box([region[0]], [region[1]]), parameter=name, to=to, values=values)


@pytest.mark.parametrize(
    ("factors", "to", "kind", "value", "steps", "period"),
    [
        (2, (1.59, 1.61), CrisisKind.MERGING, 3 * np.sqrt(3) / 2 - 1, 2, 1),
        (2, (1.98, 2.03), CrisisKind.BLOW_UP, 2.0, 1, 2),
        (3, (1.21, 1.23), CrisisKind.BOUNDARY, 1.220332092044647, 2, 1),
        (3, (1.42, 1.45), CrisisKind.BOUNDARY, 1.433449193294796, 1, 2),
        (4, (0.985, 1.005), CrisisKind.MERGING, 0.994644538513181, 2, 1),
        (4, (1.2, 1.21), CrisisKind.BLOW_UP, 1.204536897468745, 1, 2),
    ],
)
def test_balanced_line(factors, to, kind, value, steps, period):
    (crisis,) = found(balanced(factors), to, 5).of(kind)
    assert crisis.confirmed is Outcome.YES
    assert crisis.value == pytest.approx(value, abs=1e-12)
    assert crisis.interval[0] <= crisis.value <= crisis.interval[1]
    assert crisis.interval[1] - crisis.interval[0] < 1e-12
    assert (crisis.steps, len(crisis.points)) == (steps, period)
    assert crisis.residual < 1e-12
    assert crisis.rising


@pytest.mark.parametrize(
    ("factors", "to", "kind", "value"),
    [
        (2, (1.59, 1.61), CrisisKind.MERGING, "3*sqrt(3)/2 - 1"),
        (2, (1.98, 2.03), CrisisKind.BLOW_UP, "2"),
        (3, (1.21, 1.23), CrisisKind.BOUNDARY, None),
    ],
)
def test_landings_are_proved(factors, to, kind, value):
    (crisis,) = found(balanced(factors), to, 5).of(kind)
    low, high = crisis.enclosure
    assert low <= crisis.value <= high
    assert high - low < 1e-13
    if value is not None:
        exact = sp.sympify(value)
        assert sp.Rational(low) < exact < sp.Rational(high)
    assert "landing certified" in repr(crisis)


def test_what_is_no_landing_is_not_proved():
    (crisis,) = found(balanced(2), (1.98, 2.03), 5).of(CrisisKind.BLOW_UP)
    moved = replace(crisis, value=crisis.value + 0.01)
    assert moved.enclosure is None
    elsewhere = replace(crisis, path=crisis.path + 0.05)
    assert elsewhere.enclosure is None


def test_the_orbit_that_captures_is_neutral():
    (crisis,) = found(balanced(3), (1.21, 1.23), 5).of(CrisisKind.BOUNDARY)
    assert crisis.points.item() == 0.0
    assert crisis.multipliers.item() == 1.0
    assert crisis.before.attractors == 2
    assert crisis.after.attractors == 1


def test_attractors_on_both_sides_of_a_merging():
    (crisis,) = found(balanced(2), (1.59, 1.61), 5).of(CrisisKind.MERGING)
    assert (crisis.before.attractors, crisis.after.attractors) == (2, 1)
    one, both = (np.ptp(side.boxes) for side in (crisis.before, crisis.after))
    assert both == pytest.approx(2 * one, rel=1e-3)
    assert crisis.orbit.points.item() == pytest.approx(0.0, abs=1e-15)
    assert crisis.orbit.multipliers[0] == pytest.approx(1 + crisis.value)


def test_logistic_map_blows_up_at_four():
    (crisis,) = found(LOGISTIC, (3.98, 4.02), 5, (-1, 2))
    assert crisis.kind is CrisisKind.BLOW_UP
    assert crisis.value == pytest.approx(4.0, abs=1e-13)
    assert crisis.path[:, 0] == pytest.approx([0.5, 1.0, 0.0], abs=1e-13)
    assert crisis.after.bands == 0


def test_window_of_period_three_ends_at_an_interior_crisis():
    *_, crisis = found(LOGISTIC, (3.855, 3.859), 3, (-1, 2)).of(CrisisKind.INTERIOR)
    assert crisis.value == pytest.approx(3.8568, abs=1e-5)
    assert (crisis.steps, len(crisis.points)) == (4, 3)
    assert crisis.before.bands == 3
    assert crisis.after.bands == 1
    kernel = LOGISTIC.at(r=crisis.value)
    assert kernel.iterate([[0.5]], 4) == pytest.approx(kernel.iterate([[0.5]], 7), abs=1e-12)


def test_last_band_merging_of_the_logistic_map():
    # F^3(1/2) is the fixed point 1 - 1/r: a root of r^3 - 2 r^2 - 4 r - 8.
    (root,) = [z.real for z in np.roots([1, -2, -4, -8]) if abs(z.imag) < 1e-12]
    (crisis,) = found(LOGISTIC, (3.67, 3.69), 3, (-1, 2)).of(CrisisKind.BAND_MERGING)
    assert crisis.value == pytest.approx(root, abs=1e-12)
    assert (crisis.before.bands, crisis.after.bands) == (2, 1)


def test_crises_against_a_falling_parameter():
    fallen = dg.SymbolicMap([(4 - r) * x * (1 - x)], [x])
    (crisis,) = found(fallen, (-0.02, 0.02), 5, (-1, 2))
    assert crisis.kind is CrisisKind.BLOW_UP
    assert crisis.value == pytest.approx(0.0, abs=1e-13)
    assert not crisis.rising


def test_opening_windows_are_no_crises():
    # The window of period three opens at 1 + sqrt(8).
    seen = found(LOGISTIC, (3.82, 3.835), 4, (-1, 2))
    assert not seen.of(CrisisKind.INTERIOR)
    ((low, high),) = seen.windows
    assert low - 1e-6 < 1 + np.sqrt(8) < high + 1e-5


@pytest.mark.parametrize("to", [(2.5, 3.4), (0.5, 0.9)])
def test_no_crisis_before_chaos(to):
    seen = found(LOGISTIC, to, 10, (-1, 2))
    assert len(seen) == 0
    assert seen.windows == ()


def test_a_map_without_turning_points_has_no_crisis():
    assert len(found(dg.SymbolicMap([r * x], [x]), (0.5, 2), 3)) == 0


def test_on_the_invariant_line_of_a_plane():
    loss = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
    line = dg.restricted(dg.GradientDescent(loss, eta), [1, 1])
    (crisis,) = found(line, (1.98, 2.03), 3)
    assert crisis.value == pytest.approx(2.0, abs=1e-12)


def test_executor_and_progress():
    from concurrent.futures import ThreadPoolExecutor

    told = []
    F, region = balanced(2), dg.Box([-2], [2])
    arguments = {"parameter": "eta", "to": (1.59, 1.61), "values": 4}
    alone = dg.crises(F, region, progress=lambda *seen: told.append(seen), **arguments)
    with ThreadPoolExecutor(2) as pool:
        shared = dg.crises(F, region, executor=pool, **arguments)
    assert alone.to_dict() == shared.to_dict()
    assert told[-1][0] == told[-1][1]


def test_orbits_that_drift_have_not_blown_up():
    import sympy as sp

    # Orbits wander from one minimum of -cos x to the next for ever.
    seen = found(dg.SymbolicMap([x - r * sp.sin(x)], [x]), (4.9, 5.0), 3, (-4, 4))
    assert not seen.of(CrisisKind.BLOW_UP)
    assert not seen.escaping.any()


@pytest.mark.parametrize("size", ["1e-8", "1e8"])
def test_crises_are_the_same_at_any_scale(size):
    s = sp.Rational(size)
    scaled = dg.SymbolicMap([u + eta * u * (1 - u**2 / s**2)], [u])
    found = dg.crises(scaled, dg.Box([-2 * s], [2 * s]), parameter="eta", to=(1.59, 1.61), values=3)
    (merging,) = found
    assert merging.kind is CrisisKind.MERGING
    assert merging.confirmed is Outcome.YES
    assert merging.value == pytest.approx(1.5 * np.sqrt(3) - 1, abs=1e-12)
