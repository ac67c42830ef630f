"""Histograms against exact densities, with errors that cover them."""

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg

x, y, z, r = sp.symbols("x y z r")
YES, NO = dg.Outcome.YES, dg.Outcome.NO
LOGISTIC = dg.SymbolicMap([r * x * (1 - x)], [x])
CUBIC = dg.SymbolicMap([3 * x - x**3], [x])
HENON = dg.textbook.henon()


def arcsine(edges, low, high):
    """Shares of bins under 1/(π √((x - low)(high - x)))."""
    scaled = (edges - low) / (high - low)
    return 2 / np.pi * np.diff(np.arcsin(np.sqrt(np.clip(scaled, 0, 1))))


@pytest.mark.parametrize(
    ("F", "low", "high"), [(LOGISTIC.at(r=4), 0.0, 1.0), (CUBIC, -2.0, 2.0)], ids=["T2", "T3"]
)
def test_the_densities_of_two_full_shifts(F, low, high):
    """Both are conjugate to Chebyshev polynomials: the density is that of a cosine."""
    found = dg.invariant_density(F, dg.Box([low], [high]), bins=50, starts=512, rng=3)
    width = (high - low) / 50
    z_scores = (found.density * width - arcsine(found.edges[0], low, high)) / (found.errors * width)
    assert np.abs(z_scores).max() < 5  # of 50 Student variables with 15 degrees of freedom
    assert 0.6 < np.sqrt(np.mean(z_scores**2)) < 1.6
    assert found.settled is YES
    assert (found.escaped, found.outside, found.cycles) == (0, 0.0, 0)


def test_the_integral_is_one():
    for F, box in ((LOGISTIC.at(r="37/10"), dg.Box([0], [1])), (HENON, dg.textbook.henon_box())):
        found = dg.invariant_density(F, box, bins=30, starts=64, steps=500, rng=0)
        cells = [np.diff(edges) for edges in found.edges]
        volume = cells[0] if len(cells) == 1 else np.multiply.outer(*cells)
        assert (found.density * volume).sum() == pytest.approx(1)


def test_a_product_of_two_independent_maps():
    F = dg.SymbolicMap([4 * x * (1 - x), 4 * y * (1 - y)], [x, y])
    box = dg.Box([0, 0], [1, 1])
    found = dg.invariant_density(F, box, bins=5, starts=512, rng=1)
    share = arcsine(found.edges[0], 0, 1)
    z_scores = (found.density / 25 - np.multiply.outer(share, share)) / (found.errors / 25)
    assert np.abs(z_scores).max() < 5
    first = dg.invariant_density(F, box, coordinates=[1], bins=5, starts=64, rng=1)
    assert first.names == ("y",)
    assert first.density.shape == (5,)
    np.testing.assert_allclose(first.density / 5, share, atol=0.02)


def test_coordinates_keep_their_order():
    F = dg.SymbolicMap([x / 2 + 1, y / 2 - 1], [x, y])  # to (2, -2)
    box = dg.Box([-3, -3], [3, 3])
    found = dg.invariant_density(F, box, coordinates=[1, 0], bins=3, starts=16, rng=0)
    assert np.argwhere(found.density > 0).tolist() == [[0, 2]]
    assert found.cycles == 16


def test_what_lies_outside_of_the_window_is_told():
    found = dg.invariant_density(LOGISTIC.at(r=4), dg.Box([0.5], [1.0]), bins=10, rng=0)
    assert found.outside == pytest.approx(0.5, abs=0.01)
    assert found.density.sum() * 0.05 == pytest.approx(1)


def test_escaping_starts_are_left_out_and_told():
    found = dg.invariant_density(HENON, dg.Box([-2, -2], [2, 2]), bins=20, starts=64, rng=0)
    assert 0 < found.escaped < 64
    gone = dg.invariant_density(HENON, dg.Box([8, 8], [9, 9]), bins=5, starts=16, rng=0)
    assert gone.escaped == 16
    assert np.isnan(gone.density).all()
    assert "all 16 starts escaped" in gone.headline()


def test_a_drift_is_not_called_settled():
    slow = dg.SymbolicMap([sp.Rational(999, 1000) * x], [x])
    found = dg.invariant_density(slow, dg.Box([0.5], [1]), bins=50, transient=0, steps=600, rng=0)
    assert found.settled is NO


def test_point_masses_are_told():
    found = dg.invariant_density(LOGISTIC.at(r="7/2"), dg.Box([0], [1]), starts=32, rng=0)
    assert found.cycles == 32
    assert "point masses" in dict(found.rows())["on cycles"]
    assert (found.density > 0).sum() == 4


def test_three_coordinates_need_a_choice():
    F = dg.SymbolicMap([x / 2, y / 2, z / 2], [x, y, z])
    with pytest.raises(dg.InvalidInput, match="coordinates"):
        dg.invariant_density(F, dg.Box([0] * 3, [1] * 3), rng=0)


def test_bins_with_a_few_states_each_do_not_tell_whether_it_has_settled():
    F = dg.textbook.henon()
    box = dg.Box([-0.5, -0.1], [0.5, 0.1])
    found = dg.invariant_density(F, box, bins=500, starts=16, steps=100, transient=0, rng=0)
    assert found.settled is dg.Outcome.UNDECIDED


def test_few_bins_do_not_feign_a_drift():
    answers = [
        dg.invariant_density(
            LOGISTIC.at(r=4), dg.Box([0], [1]), bins=2, starts=64, steps=400, rng=seed
        ).settled
        for seed in range(40)
    ]
    assert NO not in answers
    assert answers.count(YES) >= 36
