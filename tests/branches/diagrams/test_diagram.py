"""Diagrams against what is known of the cascade of (xy - 1)²/2, and what carrying shows."""

import json
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sympy as sp
from scipy import stats

import dynsys_gd as dg
from dynsys_gd.branches.diagrams.running import blocks

u, v, x, y, a, b, eta = sp.symbols("u v x y a b eta")
LINE = dg.SymbolicMap([(1 + eta) * u - eta * u**3], [u])  # the balanced line of (xy - 1)²/2
CRITICAL = [[sp.sqrt((1 + eta) / (3 * eta))]]
PRODUCT = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), eta)
LOGISTIC = dg.SymbolicMap([a * x * (1 - x)], [x])
DOUBLINGS = [1.0, 1.2360679774997897, 1.2880317544828428, 1.2992279396502041]
MERGING, BLOW_UP = 3 * math.sqrt(3) / 2 - 1, 2.0
PERIODIC, CHAOTIC = dg.Behaviour.PERIODIC, dg.Behaviour.CHAOTIC
ROUND, ESCAPED, UNDECIDED = (
    dg.Behaviour.QUASI_PERIODIC,
    dg.Behaviour.ESCAPED,
    dg.Behaviour.UNDECIDED,
)


def diagram(values, F=LINE, parameter="eta", starts=CRITICAL, **more):
    return dg.bifurcation_diagram(F, parameter, values, starts=starts, **more)


def test_periods_change_where_they_double():
    found = diagram(np.linspace(0.9, 1.3015, 1607), transient=4000)
    assert found.periods == (1, 2, 4, 8, 16)
    assert [(c.before, c.after) for c in found.changes] == [
        ((2**k,), (2 ** (k + 1),)) for k in range(4)
    ]
    for change, value in zip(found.changes, DOUBLINGS, strict=True):
        low, high = change.interval
        assert low < value < high
        assert high - low < 2.5e-3


@pytest.mark.parametrize("period", [1, 2, 4, 8])
def test_columns_away_from_the_doubling_points(period):
    k = int(math.log2(period))
    edges = [0.0, *DOUBLINGS]
    values = edges[k] + (edges[k + 1] - edges[k]) * np.linspace(0.05, 0.95, 19)
    found = diagram(values, transient=2000)
    assert (found.behaviour == PERIODIC).all()
    assert (found.period == period).all()
    assert (found.exponent < 0).all()


def test_exponents_of_fixed_points_and_of_the_two_cycle():
    """Multipliers 1 - 2η, and 9 - 2a² over two steps with a = 1 + η."""
    below, beyond = np.array([0.2, 0.7, 0.95]), np.array([1.05, 1.1, 1.2])
    found = diagram(np.concatenate([below, beyond])).exponent[:, 0]
    expected = np.log(np.abs(1 - 2 * below)), np.log(np.abs(9 - 2 * (1 + beyond) ** 2)) / 2
    np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-9)


def test_points_are_those_of_the_cycle():
    """η u v = 1 and η (u² + v²) = 1 + η on the 2-cycle."""
    found = diagram([1.1, 1.2], points=6)
    now, after = (
        np.sqrt([[1.1], [1.2]]) * part for part in (found.points[:, 0, :-1], found.points[:, 0, 1:])
    )
    np.testing.assert_allclose(now * after, 1, rtol=1e-6)
    np.testing.assert_allclose((now**2 + after**2).T, [[2.1, 2.2]] * 5, rtol=1e-6)
    orbit = found.points[1, 0]
    np.testing.assert_allclose(LINE.at(eta=1.2)(orbit[:-1, None])[:, 0], orbit[1:], rtol=1e-12)


def test_bands_merge_and_blow_up():
    near = 1e-3
    values = [MERGING - near, MERGING + near, BLOW_UP, BLOW_UP + near]
    found = diagram(values, starts=[[0.3], [-0.3]], transient=4000, points=2000)
    assert (found.behaviour[:3] == CHAOTIC).all()
    assert (found.behaviour[3] == ESCAPED).all()
    right, left = found.points[0]
    assert (right > 0).all()
    assert (left < 0).all()
    assert (np.abs(found.points[1:3]).max(axis=2) > 1.2).all()
    assert (found.points[1:3].min(axis=2) < 0).all()
    assert (found.points[1:3].max(axis=2) > 0).all()
    assert np.isnan(found.points[3]).all()
    # At η = 2 it is the Chebyshev polynomial of degree 3, with exponent ln 3.
    assert np.abs(found.exponent[2] - math.log(3)).max() < 0.01


def test_the_plane_falls_onto_the_balanced_line():
    found = diagram(
        [1.1, 1.25], PRODUCT, starts=12, region=dg.Box([0.8, 0.8], [1.2, 1.2]), rng=0,
        observable=x - y,
    )  # fmt: skip
    assert found.periods_at(0) == (2,)
    assert found.periods_at(1) == (4,)
    assert np.abs(found.points).max() < 1e-9


def test_families_of_minima_are_periodic_with_exponent_zero():
    found = diagram([0.3, 0.6], PRODUCT, starts=[[1.2, 0.7], [0.5, 1.1]])
    assert (found.period == 1).all()
    assert np.abs(found.exponent).max() < 1e-6


def test_carried_states_show_hysteresis():
    """x -> x + p + x - x³ scaled: two sinks for |p| below a fold, one beyond."""
    F = dg.SymbolicMap([x + (a + x - x**3) / 4], [x])
    values = np.linspace(-0.6, 0.6, 49)
    up = diagram(values, F, "a", [[-1.0]], carry=True, points=1)
    down = diagram(values[::-1], F, "a", [[1.0]], carry=True, points=1)
    fold = 2 / (3 * math.sqrt(3))  # a + x - x³ has a double zero
    x_up, x_down = up.points[:, 0, 0], down.points[::-1, 0, 0]
    jumped = values[np.argmax(x_up > 0)], values[len(values) - 1 - np.argmax((x_down < 0)[::-1])]
    assert jumped[0] == pytest.approx(fold, abs=0.03)
    assert jumped[1] == pytest.approx(-fold, abs=0.03)
    between = np.abs(values) < fold - 0.03
    assert (x_up[between] < 0).all()
    assert (x_down[between] > 0).all()


def test_carried_states_do_not_stay_on_what_is_no_longer_stable():
    """At η = 1/2 every orbit is exactly at the minimum, which is no attractor beyond 1."""
    found = diagram([0.5, 1.1, 1.2], starts=[[0.3]], carry=True)
    assert found.period[:, 0].tolist() == [1, 2, 2]


def test_orbits_that_escaped_begin_anew():
    found = diagram([3.0, 1.1], starts=[[0.3]], carry=True)
    assert found.behaviour[:, 0].tolist() == [ESCAPED, PERIODIC]
    once = diagram([1.1], starts=[[0.3]])
    assert np.array_equal(found.points[1], once.points[0])


def test_a_start_on_an_unstable_cycle_decides_nothing():
    assert diagram([1.1], starts=[[1]]).behaviour.tolist() == [[UNDECIDED]]


def test_starts_on_unstable_cycles_of_chaos_decide_nothing():
    """Both fixed points of the logistic map at a = 4 are hit exactly."""
    starts = [[0.75], [0.0], [0.3]]
    found = diagram([4.0], LOGISTIC, "a", starts, transient=0).behaviour[0].tolist()
    assert found == [UNDECIDED, UNDECIDED, CHAOTIC]


def test_a_flip_itself_is_undecided():
    assert diagram([1]).behaviour.tolist() == [[UNDECIDED]]


def test_a_curve_around_a_point_is_quasi_periodic_and_its_tongue_is_not():
    F = dg.SymbolicMap([a * x * (1 - y), x], [x, y])  # delayed logistic map: closed curve from 2 on
    found = diagram([1.9, 2.05, 2.1, 2.18, 2.27], F, "a", [[0.5, 0.4]])
    assert found.behaviour[:, 0].tolist() == [PERIODIC, ROUND, ROUND, PERIODIC, CHAOTIC]
    assert found.period[:, 0].tolist() == [1, 0, 0, 7, 0]


def test_areas_that_are_kept_are_gone_round():
    F = dg.HeavyBall(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta, 1)
    assert (diagram([0.1, 0.2, 0.3], F, starts=[[1.3]]).behaviour == ROUND).all()


def test_geometric_growth_escapes_before_it_overflows():
    F = dg.GradientDescent(dg.Loss(x**2 / 2, [x]), eta)
    found = diagram([1.9, 2.2, 2.0001], F, starts=[[1.0]])
    assert found.behaviour[:, 0].tolist() == [PERIODIC, ESCAPED, UNDECIDED]


def test_several_attractors_are_all_seen():
    found = diagram([0.9, 1.1], starts=40, region=dg.Box([-1.2], [1.2]), rng=1, points=2)
    assert (found.period == [[1], [2]]).all()
    for points in found.points:
        assert (points > 0).any()
        assert (points < 0).any()


def test_observables():
    arguments = {"starts": [[1.2, 0.7]], "points": 5}
    states = [
        diagram([0.9, 1.1], PRODUCT, observable=name, **arguments).points for name in ("x", "y")
    ]
    loss = diagram([0.9, 1.1], PRODUCT, observable=PRODUCT.loss, **arguments)
    np.testing.assert_allclose(loss.points, (states[0] * states[1] - 1) ** 2 / 2, atol=1e-30)
    scaled = diagram([0.9, 1.1], PRODUCT, observable=eta * x, **arguments)
    np.testing.assert_allclose(scaled.points[:, 0].T, states[0][:, 0].T * [0.9, 1.1])


def test_observables_are_matched_by_name():
    real = sp.Symbol("x", real=True)
    found = diagram([0.9, 1.1], PRODUCT, observable=eta * real, starts=[[1.1, 0.8]], points=4)
    other = diagram([0.9, 1.1], PRODUCT, observable=eta * x, starts=[[1.1, 0.8]], points=4)
    np.testing.assert_array_equal(found.points, other.points)
    net = dg.LinearNetwork((1, 1, 1), [[1]], [[1]])
    first = sp.Symbol(net.names[0])
    found = diagram([0.5], dg.GradientDescent(net, eta), starts=[[1.1, 0.8]], observable=2 * first)
    plain = diagram([0.5], dg.GradientDescent(net, eta), starts=[[1.1, 0.8]])
    np.testing.assert_array_equal(found.points, 2 * plain.points)


def test_networks_take_one_value_after_the_other():
    net = dg.LinearNetwork((1, 1, 1), [[1.0]], [[1.0]])
    F = dg.GradientDescent(net, eta)
    found = diagram([0.5, 1.1], F, starts=[[1.1, 0.8]], observable=net, points=4)
    other = diagram([0.5, 1.1], PRODUCT, starts=[[1.1, 0.8]], observable=PRODUCT.loss, points=4)
    assert found.period.tolist() == [[1], [2]]
    np.testing.assert_allclose(np.sort(found.points), np.sort(other.points), atol=1e-9)


def test_settings_that_are_expressions():
    F = dg.HeavyBall(dg.Loss(x**2 / 2 - x**3 / 3, [x]), eta, eta / 8)
    exact = diagram([2, 3], F, starts=[[0.01]], points=3)
    other = [
        dg.HeavyBall(F.loss, value, value / 8).trajectory([0.01], 4000).points[-1, 0]
        for value in (2, 3)
    ]
    assert exact.period[0, 0] == 1
    assert exact.states[0, 0, 0] == pytest.approx(other[0], abs=1e-12)


@pytest.mark.parametrize("value", [0, -0.5, "-1"])
def test_values_out_of_the_range_of_a_setting_are_refused(value):
    with pytest.raises(dg.InvalidInput, match="step_size"):
        diagram([0.5, value, 1.0], PRODUCT, starts=[[1.0, 0.5]])


def test_starts_that_are_no_numbers_somewhere_are_refused():
    with pytest.raises(dg.InvalidInput, match=r"eta = -0\.5"):
        diagram([0.5, -0.5])


def test_the_iterator_gives_the_same_columns():
    arguments = {"region": dg.Box([-1], [1]), "starts": 3, "points": 4, "rng": 5}
    for carry in (False, True):
        whole = diagram([1.1, 1.3, 2.5], carry=carry, **arguments)
        columns = list(
            dg.bifurcation_columns(LINE, "eta", [1.1, 1.3, 2.5], carry=carry, **arguments)
        )
        for name in ("points", "behaviour", "period", "exponent", "error", "states"):
            parts = [getattr(column, name) for column in columns]
            np.testing.assert_array_equal(getattr(whole, name), parts)
        assert [column.value for column in columns] == whole.values.tolist()
        assert columns[0].periods == (2,)
        assert columns[0].count(PERIODIC) == 3


def test_the_answer_does_not_depend_on_who_computes_it_or_on_the_file(tmp_path):
    arguments = {"region": dg.Ball([0], 1), "starts": 1500, "points": 2, "transient": 50}
    budget = dg.Budget(max_period=4, lyapunov_steps=64)
    seen = []
    with ThreadPoolExecutor(2) as pool:
        runs = [
            diagram([1.1, 1.4, 2.5], rng=3, budget=budget, executor=executor, checkpoint=path,
                    progress=lambda done, total: seen.append((done, total)), **arguments)
            for executor, path in ((None, None), (pool, tmp_path / "a"), (None, tmp_path / "a"))
        ]  # fmt: skip
    assert seen[-1] == (4500, 4500)
    texts = {json.dumps(run.to_dict()) for run in runs}
    assert len(texts) == 1
    with pytest.raises(dg.InvalidInput, match="other values"):
        diagram([1.1, 1.5], rng=3, budget=budget, checkpoint=tmp_path / "a", **arguments)


def test_a_file_keeps_the_seed(tmp_path):
    arguments = {"region": dg.Box([-1], [1]), "starts": 4, "checkpoint": tmp_path / "run"}
    first, again = (diagram([1.1], **arguments) for _ in range(2))
    assert first.seed == again.seed
    assert np.array_equal(first.points, again.points)


def test_pieces_of_work_cover_everything_once():
    for m, s, rows in ((7, 3, 10), (2, 25, 10), (1, 1, 64), (5, 10, 10)):
        seen = np.zeros((m, s), dtype=int)
        for values, starts in blocks(m, s, rows):
            seen[values, starts] += 1
            assert (values.stop - values.start) * (starts.stop - starts.start) <= max(rows, s)
        assert (seen == 1).all()


def test_laws_of_scipy_and_states_of_maps_with_memory():
    law = dg.Distribution([stats.norm(0.3, 0.01)])
    found = diagram([1.1], region=law, starts=3, rng=0)
    assert found.period.tolist() == [[2, 2, 2]]
    F = dg.HeavyBall(dg.Loss(x**2 / 2 - x**3 / 3, [x]), eta, "1/2")
    rest, moving = (diagram([2.0], F, starts=rows).states for rows in ([[0.1]], [[0.1, 0.1]]))
    assert np.array_equal(rest, moving)


@pytest.mark.parametrize("drift", [1e-4, 1e-3, 1e-2])
def test_a_cycle_that_drifts_is_not_quasi_periodic(drift):
    """As along a family of minima: exponent zero, and round and round, but never back."""
    turned = dg.SymbolicMap([-y, x + a - a, v + drift * a], [x, y, v])
    found = diagram([1.0, 2.0], turned, "a", [[1.0, 0.0, 0.0]])
    assert (found.behaviour == UNDECIDED).all()


def test_orbits_that_tend_to_zero_cost_no_more_than_others():
    """Subnormal numbers would make them a hundred times slower; zero is reached instead."""
    F = dg.GradientDescent(dg.Loss(x**2 / 2 + x**4, [x]), eta)
    found = diagram([0.1, 1.5], F, starts=[[0.1]], transient=9000)
    assert found.period.tolist() == [[1], [1]]
    assert not found.states.any()
    np.testing.assert_allclose(found.exponent[:, 0], [math.log(0.9), math.log(0.5)], atol=1e-12)
