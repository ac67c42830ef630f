"""Stochastic gradient descent as a skew product: its noise, its exactness, its exponents."""

import pickle

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg
from dynsys_gd.engine.random_choice import following, uniform
from dynsys_gd.losses.mean import MeanLoss
from dynsys_gd.maps.random_minibatch import RandomMinibatch

x, y, eta = sp.symbols("x y eta")
PAIR = [dg.Loss((x * y - 1) ** 2 / 2, [x, y]), dg.Loss(3 * (x * y - 1) ** 2, [x, y])]


def starts(n):
    return np.random.default_rng(0).normal(size=(n, 2))


def test_random_numbers_are_uniform_and_independent_of_their_neighbours():
    places = np.arange(100_000) * 2.0**-53
    drawn = uniform(places, 5)
    counts = np.histogram(drawn, bins=20, range=(0, 1))[0]
    assert np.abs(counts - 5000).max() < 5 * np.sqrt(5000 * 0.95)
    centred = drawn - 0.5
    for lag in (1, 2, 7):
        assert abs(np.mean(centred[:-lag] * centred[lag:])) * 12 < 5 / np.sqrt(1e5)
    other = uniform(places, 6) - 0.5
    assert abs(np.mean(centred * other)) * 12 < 5 / np.sqrt(1e5)


def test_places_do_not_come_back_soon():
    place, seen = np.array([0.25]), []
    for _ in range(3000):
        place = following(place)
        seen.append(place[0])
    assert len(set(seen)) == 3000
    assert np.diff(np.sort(seen)).min() > 1e-4


def test_a_step_is_gradient_descent_on_one_batch():
    F = RandomMinibatch(PAIR, "1/10", rng=3)
    steps = [dg.GradientDescent(loss, "1/10") for loss in PAIR]
    states = F.states(starts(500), rng=1)
    images = F(states)
    each = [G(states[:, :2]) for G in steps]
    first, second = (np.all(images[:, :2] == image, axis=1) for image in each)
    assert np.all(first ^ second)
    assert 190 < first.sum() < 310
    assert np.array_equal(images[:, 2], following(states[:, 2]))


def test_batches_are_chosen_with_their_probabilities():
    chances = ("1/10", "3/5", "3/10")
    losses = [dg.Loss(-k * x, [x]) for k in (0, 1, 10)]  # steps of 0, 1 and 10
    F = RandomMinibatch(losses, 1, chances, rng=0)
    moved = F.project(F(F.states(np.zeros((20_000, 1)), rng=0)))[:, 0]
    for size, chance in zip((0, 1, 10), (0.1, 0.6, 0.3), strict=True):
        seen = np.mean(np.isclose(moved, size))
        assert abs(seen - chance) < 5 * np.sqrt(chance * (1 - chance) / 20_000)


def test_an_orbit_does_not_depend_on_its_company():
    F = RandomMinibatch(PAIR, "1/20", ("1/3", "2/3"), rng=7)
    points = starts(40)
    together = F.iterate(F.lift(points), 200)
    for rows in (slice(0, 1), slice(3, 20), slice(39, 40)):
        assert np.array_equal(F.iterate(F.lift(points[rows]), 200), together[rows])
    again = F.iterate(F.iterate(F.lift(points), 120), 80)
    assert np.array_equal(again, together)
    assert np.array_equal(F.trajectory(points[0], 200).points[-1], together[0])


def test_the_seed_is_the_noise():
    first, same, other = (RandomMinibatch(PAIR, "1/20", rng=k) for k in (1, 1, 2))
    points = starts(20)
    ends = [F.project(F.iterate(F.lift(points), 30)) for F in (first, same, other)]
    assert np.array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])
    assert first == same
    assert first != other
    assert RandomMinibatch(PAIR, "1/20", rng=np.random.default_rng(0)).seed < 2**64


def test_one_batch_is_gradient_descent():
    F, G = RandomMinibatch(PAIR[:1], eta, rng=0), dg.GradientDescent(PAIR[0], eta)
    points = starts(30)
    assert F.parameters == ("eta",)
    F, G = F.at(eta="1/4"), G.at(eta="1/4")
    assert np.array_equal(F.project(F.iterate(F.lift(points), 50)), G.iterate(points, 50))


def test_jacobian_is_that_of_the_chosen_batch():
    F = RandomMinibatch(PAIR, "1/10", rng=0)
    states = F.states(starts(10), rng=0)
    matrices = F.jacobian_at(states)
    for k in range(2):
        h = 1e-6 * np.eye(3)[k]
        difference = (F(states + h) - F(states - h)) / 2e-6
        assert np.allclose(matrices[:, :, k], difference, atol=1e-6)
    assert not matrices[:, 2].any()
    assert not matrices[:, :, 2].any()


def test_the_exponent_at_a_common_minimum_is_the_mean_of_logarithms():
    # Hessian eigenvalue m s at (1, 1): s = 2, m = 1 and 6; the other direction is neutral.
    F = RandomMinibatch(PAIR, "1/5", ("1/4", "3/4"), rng=0)
    fixed = np.tile([1.0, 1.0], (64, 1))
    found = dg.lyapunov_spectrum(
        F, F.states(fixed, rng=0), exponents=2, steps=4000, transient=20
    ).pooled()
    expected = 0.25 * np.log(abs(1 - 0.2 * 2)) + 0.75 * np.log(abs(1 - 0.2 * 12))
    assert abs(found.values[0] - max(expected, 0.0)) < 0.01
    assert abs(found.values[1] - min(expected, 0.0)) < 0.01


def test_simulate_calls_no_random_orbit_convergent():
    F = RandomMinibatch(PAIR, "1/20", rng=0)
    fates = dg.simulate(F, [[1.2, 0.8], [0.9, 1.2]], budget=dg.Budget(steps=500))
    assert fates.count(dg.Fate.CONVERGED) == fates.count(dg.Fate.CYCLING) == 0
    far = dg.simulate(RandomMinibatch(PAIR, 2, rng=0), [[3.0, 3.0]])
    assert far.count(dg.Fate.ESCAPED) == 1


def test_the_loss_is_the_weighted_mean():
    F = RandomMinibatch(PAIR, "1/20", ("1/3", "2/3"), rng=0)
    assert sp.expand(F.loss.symbolic.bound - sp.Rational(13, 6) * (x * y - 1) ** 2) == 0
    points = starts(7)
    expected = (PAIR[0](points) + 2 * PAIR[1](points)) / 3
    assert np.allclose(F.loss(points), expected, rtol=1e-14)
    gradients = (PAIR[0].gradient_at(points) + 2 * PAIR[1].gradient_at(points)) / 3
    assert np.allclose(F.loss.gradient_at(points), gradients, rtol=1e-14)
    hessians = (PAIR[0].hessian_at(points) + 2 * PAIR[1].hessian_at(points)) / 3
    assert np.allclose(F.loss.hessian_at(points), hessians, rtol=1e-13, atol=1e-13)
    halves, equal = MeanLoss(PAIR, ["1/2", "1/2"]).symbolic, MeanLoss(PAIR).symbolic
    assert sp.expand(halves.bound - equal.bound) == 0


def test_it_works_with_networks_and_travels():
    net = dg.LinearNetwork((4, 3, 3), *dg.data.iris())
    F = RandomMinibatch(dg.minibatches(net, 5), "1/500", rng=0)
    back = pickle.loads(pickle.dumps(F))
    point = np.random.default_rng(0).normal(size=(3, net.dimension)) / 2
    ends = F.iterate(F.lift(point), 200)
    assert np.array_equal(back.iterate(back.lift(point), 200), ends)
    assert np.all(net(F.project(ends)) < net(point))
    assert np.allclose(F.loss(point), net(point), rtol=1e-12)


@pytest.mark.parametrize("chances", [("1/2", "1/3"), (1, 0), (2, -1), ("1",), "ab", 3, (eta, eta)])
def test_what_is_no_probability_is_refused(chances):
    with pytest.raises(dg.InvalidInput, match="probabilities"):
        RandomMinibatch(PAIR, "1/4", chances)


def test_points_of_another_width_are_refused():
    F = RandomMinibatch(PAIR, "1/4", rng=0)
    with pytest.raises(dg.InvalidInput, match="points"):
        F.states([[1.0, 2.0, 3.0]])
    with pytest.raises(dg.InvalidInput, match="rng"):
        F.states([[1.0, 2.0]], rng="no")
    with pytest.raises(dg.UnknownParameter):
        F.at(eta=1)


def test_places_that_are_no_numbers_stay_so():
    F = RandomMinibatch([dg.Loss(x**2, [x])] * 2, "1/4", rng=0)
    assert np.isnan(F([[1.0, np.nan], [1.0, np.inf]])[:, 1]).all()
