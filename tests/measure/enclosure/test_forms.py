"""Boxes that are said to converge, or to lose their points, against long runs."""

from fractions import Fraction

import numpy as np
import pytest
from sympy import Matrix, simplify, tanh
from sympy.abc import x, y, z

from dynsys_gd import Box, GradientDescent, Loss, SymbolicMap
from dynsys_gd.measure.enclosure.facts import facts_of
from dynsys_gd.measure.target import Target


def on_curve(low, high):
    """Return whether a box meets xy = 1, with the least and the largest x² + y² on the box."""
    corners = np.stack([low[0] * low[1], low[0] * high[1], high[0] * low[1], high[0] * high[1]])
    sizes = np.maximum(np.maximum(low, -high), 0), np.maximum(-low, high)
    meets = (corners.min(axis=0) <= 1) & (corners.max(axis=0) >= 1)
    return meets, *((s**2).sum(axis=0) for s in sizes)


# Cells of [-3, 3]² of side 6/1024, and how much of the curve up to 95 % of the threshold they
# cover; the tube's area was .7 of .73 at cells half as wide for 1/2.
@pytest.mark.parametrize(
    ("step_size", "coverage", "area"),
    [("1/5", 1.0, 2.6), ("1/2", 0.99, 0.69), ("9/10", 0.95, 0.017)],
)
def test_orbits_from_a_tube_reach_the_curve_in_their_room(
    known, cells, points_in, step_size, coverage, area
):
    F, facts = known("product", step_size)
    low, high = cells(3, 1024)
    room = facts.forms[1].attracts(low, high)
    found = np.isfinite(room)
    meets, least, most = on_curve(low, high)
    limit = 2 / float(Fraction(step_size))
    assert found[meets & (most < 0.95 * limit)].mean() >= coverage
    assert found.sum() * (6 / 1024) ** 2 >= area
    assert not found[meets & (least > limit)].any()
    chosen = np.random.default_rng(0).choice(np.flatnonzero(found), 1000)
    limits = F.iterate(points_in(low[:, chosen], high[:, chosen]), 4000)
    assert np.abs(limits[:, 0] * limits[:, 1] - 1).max() < 1e-5
    reach = room[chosen, None] + 1e-5
    assert ((low.T[chosen] - reach <= limits) & (limits <= high.T[chosen] + reach)).all()
    # They are minima: no sharper than the step size allows.
    assert ((limits**2).sum(axis=1) <= limit + 1e-3).all()


# Cells of side 6/1024, and how much of the curve beyond 105 % of the threshold they cover.
@pytest.mark.parametrize(
    ("step_size", "factor", "coverage"),
    [("1/2", 1.5, 0.99), ("9/10", 1.5, 0.97), ("9/10", 4, 0.85)],
)
def test_orbits_go_through_the_shell_of_a_box_that_repels(
    known, cells, points_in, step_size, factor, coverage
):
    F, facts = known("product", step_size)
    form = facts.forms[1]
    low, high = cells(3, 1024)
    meets, least, most = on_curve(low, high)
    low, high, steep = low[:, meets], high[:, meets], least[meets]
    room, rho, top = form.repels(low, high, factor)
    found = np.isfinite(room)
    limit = 2 / float(Fraction(step_size))
    assert found[steep > 1.05 * limit].mean() >= coverage
    assert not found[most[meets] < limit].any()
    low, high, room, rho, top = low[:, found], high[:, found], room[found], rho[found], top[found]
    points = points_in(low, high)
    start = np.abs(points[:, 0] * points[:, 1] - 1)
    assert (rho >= start).all()
    waiting = np.flatnonzero(start > 1e-12)
    assert len(waiting) > 100
    for _ in range(3000):
        points[waiting] = F(points[waiting])
        at, reach = points[waiting], room[waiting, None] + 1e-12
        assert (low.T[waiting] - reach <= at).all()
        assert (at <= high.T[waiting] + reach).all()
        size = np.abs(at[:, 0] * at[:, 1] - 1)
        out = size > rho[waiting]
        assert (size[out] <= top[waiting][out] * (1 + 1e-12)).all()
        assert form.shell(at[out].T, at[out].T, rho[waiting][out], top[waiting][out]).all()
        waiting = waiting[~out]
    assert not len(waiting)


def test_a_shell_is_missed_inside_and_outside_only(known):
    form = known("product", "1/2")[1].forms[1]
    low = np.array([[1.0, 1.0, 1.0, 1.0, np.nan], [1.0, 1.21, 1.05, 1.4, 1.0]])
    high = np.array([[1.0, 1.0, 1.0, 1.0, 1.0], [1.1, 1.3, 1.15, 1.5, 1.0]])
    found = form.shell(low, high, np.full(5, 0.12), np.full(5, 0.2))
    assert found.tolist() == [False, False, True, False, True]


def test_the_curve_repels_far_out_where_it_is_steep(known):
    _, facts = known("product", "1/2")
    low, high = np.array([[99.99], [0.0099]]), np.array([[100.01], [0.0101]])
    assert np.isfinite(facts.forms[1].repels(low, high)).all()
    assert np.isnan(facts.forms[1].attracts(low, high)[0])


@pytest.mark.parametrize(
    ("loss", "variables", "starts"),
    [
        ((x * y * z - 1) ** 2 / 2, [x, y, z], [1.05, 0.9, 1.0]),
        ((x * y - 1) ** 2 / 2 + (z * y - 2) ** 2 / 2, [x, y, z], [0.8, 1.3, 1.5]),
        ((y * tanh(x) - 1) ** 2 / 2, [x, y], [1.2, 1.2]),
        (x**2 * (1 + y**2) / 2, [x, y], [0.05, 1.0]),
    ],
)
def test_families_of_other_losses(loss, variables, starts, points_in):
    F = GradientDescent(Loss(loss, variables), step_size="1/5")
    d = len(variables)
    facts = facts_of(F, Box([-2] * d, [2] * d), target=Target.MINIMA)
    form = facts.forms[1]
    gradient = Matrix([loss]).jacobian(variables).T
    gap = gradient - Matrix(form.factors) * Matrix(form.equations)
    assert simplify(gap) == Matrix.zeros(d, 1)
    limit = F.iterate([starts], 5000).T
    low, high = limit - 0.004, limit + 0.004
    room = form.attracts(low, high)
    assert room[0] < 0.5
    limits = F.iterate(points_in(low, high, 200), 5000)
    assert (np.abs(limits - limit.T) <= room[0] + 0.004).all()
    assert "= 0" in facts.outcomes[form.outcome]


def test_a_single_minimum_is_named_by_its_core(known):
    _, facts = known("himmelblau", "1/100")
    low = np.array([[2.999, 3.586], [1.999, -1.85]])
    high = low + 0.002
    form = facts.forms[0]
    room = form.attracts(low, high)
    assert np.isfinite(room).all()
    names = [facts.outcomes[k] for k in facts.outcome_of(0, low, high, room)]
    assert names == ["the minimum near (3, 2)", "the minimum near (3.58443, -1.84813)"]
    # Without room the point itself is not reached, and the name says less.
    assert (
        facts.outcomes[facts.outcome_of(0, low[:, 1:], high[:, 1:], room[1:] * 0)[0]] == "a minimum"
    )


def test_sources_are_left(known):
    _, facts = known("himmelblau", "1/100")
    low = np.array([[-0.28], [-0.93]])
    assert np.isfinite(facts.forms[0].repels(low, low + 0.01)).all()
    minimum = np.array([[3.0], [2.0]])
    assert np.isnan(facts.forms[0].repels(minimum - 0.01, minimum + 0.01)).all()


def test_maps_without_a_loss_have_the_form_of_their_own_steps():
    F = SymbolicMap([x / 2 + y / 8, y / 3 - x**2 / 8], [x, y])
    facts = facts_of(F, Box([-1, -1], [1, 1]), target=Target.FIXED_POINTS)
    low, high = np.array([[-0.1], [-0.1]]), np.array([[0.1], [0.1]])
    assert facts.outcomes[1] == "the fixed point near (0, 0)"
    room = facts.forms[0].attracts(low, high)
    assert room[0] < 1
    assert facts.outcome_of(0, low, high, room)[0] == facts.cores[0].outcome


def test_nothing_is_said_of_boxes_without_bounds_or_without_null_sets(known):
    _, facts = known("product", "1/5")
    low = np.array([[np.nan, 1.0, -np.inf, 1.0], [1.0] * 4])
    high = np.array([[1.0, np.nan, 1.0, np.inf], [1.0] * 4])
    for form in facts.forms:
        assert np.isnan(form.attracts(low, high)).all()
        assert np.isnan(form.repels(low, high)).all()
    steep = np.array([[4.0], [0.25]])
    assert np.isfinite(facts.forms[1].repels(steep, steep + 1e-3)).all()
    assert np.isnan(facts.forms[1].without_null_sets().repels(steep, steep + 1e-3)).all()
