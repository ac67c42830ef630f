"""Restrictions to invariant subspaces: proved, in their own coordinates, or refused."""

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import (
    GradientDescent,
    HeavyBall,
    InvalidInput,
    Loss,
    Nesterov,
    SymbolicMap,
    restricted,
)
from dynsys_gd.maps.restriction import invariant_subspace

x, y, z, eta, u, v = sp.symbols("x y z eta u v")


def product(n):
    xs = sp.symbols(f"x1:{n + 1}")
    return GradientDescent(Loss((sp.prod(xs) - 1) ** 2 / 2, xs), eta)


@pytest.mark.parametrize("n", [2, 3, 4, 6])
def test_the_balanced_line_of_a_product(n):
    f = restricted(product(n), [1] * n)
    assert f.names == ("u",)
    assert f.parameters == ("eta",)
    assert sp.expand(f.expression[0] - (u - eta * (u**n - 1) * u ** (n - 1))) == 0


@pytest.mark.parametrize(
    ("F", "basis", "offset"),
    [
        (product(3), [[1, 1, 0], [0, 0, 1]], None),
        (product(2), ["1/2", "1/2"], None),
        (product(2), [[1, -1]], None),
        (HeavyBall(Loss((x * y - 1) ** 2 / 2, [x, y]), eta, "1/2"), [[1, 1, 0, 0], [0, 0, 1, 1]],
         None),
        (Nesterov(Loss((x * y - 1) ** 2 / 2, [x, y]), eta, "1/2"), [[1, 1, 0, 0], [0, 0, 1, 1]],
         None),
        (GradientDescent(Loss((x - 1) ** 2 * (y - 1) ** 2 + x, [x, y]), eta), [1, 0], [0, 1]),
        (GradientDescent(Loss(sp.exp((x - y) ** 2) + x**2 * y**2, [x, y]), eta), [1, 1], None),
        (SymbolicMap([x * y / (1 + y**2), y + sp.sin(x) * (x - y), z], [x, y, z]),
         [[0, 1, 0], [0, 0, 1]], None),
        (GradientDescent(Loss(x**4 + y**4, [x, y]), 0.25), [sp.sqrt(2), 0], None),
    ],
    ids=lambda value: value.describe()[:40] if hasattr(value, "describe") else str(value),
)  # fmt: skip
def test_it_is_the_map_on_the_subspace(F, basis, offset):
    """B f(u) + p = F(B u + p), at random points and by exact matrices."""
    subspace = invariant_subspace(F, basis, offset=offset)
    f, B, p = subspace.restriction, subspace.basis, subspace.offset
    if F.parameters:
        F, f = F.at(eta="1/3"), f.at(eta="1/3") if f.parameters else f
    us = np.random.default_rng(0).uniform(-1, 1, (7, B.cols))
    matrix, shift = np.array(B, dtype=float), np.array(p, dtype=float).ravel()
    np.testing.assert_allclose(f(us) @ matrix.T + shift, F(us @ matrix.T + shift), atol=1e-12)
    np.testing.assert_allclose(np.array(subspace.normal.T * B, dtype=float), 0, atol=1e-15)


def test_next_to_the_subspace_the_skew_map_has_the_derivative_of_the_map():
    F = product(3).at(eta="1/3")
    subspace = invariant_subspace(F, [1, 1, 1])
    B, W = (np.array(m, dtype=float) for m in (subspace.basis, subspace.normal))
    here = np.array([[0.7]])
    whole = F.jacobian_at(here @ B.T)[0]
    skew = subspace.skew.jacobian_at(np.array([[0.7, 0.0, 0.0]]))[0]
    both = np.hstack([B, W])
    np.testing.assert_allclose(both @ skew @ np.linalg.inv(both), whole, atol=1e-12)


def test_coordinates_do_not_clash_with_parameters():
    loss = Loss((x * y - u) ** 2 / 2 + v * 0 * x, [x, y])
    assert restricted(GradientDescent(loss, eta), [1, 1]).names == ("v",)
    two = Loss((x * y * z - sp.Symbol("u0")) ** 2 / 2, [x, y, z])
    f = restricted(GradientDescent(two, eta), [[1, 1, 0], [0, 0, 1]])
    assert f.names == ("v0", "v1")
    taken = restricted(SymbolicMap([u / 2, v / 3], [u, v]), [0, 1])  # coordinates may have it
    assert taken.names == ("u",)
    assert taken([[3.0]]).tolist() == [[1.0]]


def test_what_leaves_is_named():
    with pytest.raises(InvalidInput, match=r"it leaves by 3\*eta\*u\*\*2"):
        restricted(product(3), [1, 2, 1])
    with pytest.raises(InvalidInput, match="it leaves by"):
        restricted(product(2), [1, 1], offset=[0, 1])


def test_a_line_that_only_seems_invariant_is_refused():
    """The map moves points off the line by 1e-30 of their size."""
    tiny = sp.Rational(1, 10**30)
    with pytest.raises(InvalidInput, match="basis"):
        restricted(SymbolicMap([x / 2, y / 2 + tiny * x], [x, y]), [1, 0])


def test_what_algebra_cannot_decide_is_not_claimed():
    """Equal to zero for real x, which no rewriting here shows."""
    hidden = sp.log(sp.exp(x) + 1) - sp.log(sp.exp(x + 1) + sp.E) + 1
    F = SymbolicMap([x / 2, y / 2 + hidden], [x, y])
    try:
        f = restricted(F, [1, 0])
    except InvalidInput as refusal:
        assert "not proved" in str(refusal)  # noqa: PT017
    else:
        assert f([[1.0]]).tolist() == [[0.5]]


def test_a_whole_space_is_invariant():
    f = restricted(product(2), [[1, 1], [1, -1]])
    assert f.dimension == 2
    here = np.array([[0.3, 0.2]])
    moved = product(2).at(eta="1/3")([[0.5, 0.1]])[0]
    np.testing.assert_allclose(f.at(eta="1/3")(here)[0] @ [[1, 1], [1, -1]], moved)
