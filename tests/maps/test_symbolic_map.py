"""Textbook maps run through the same code."""

import pickle

import numpy as np
import pytest
import sympy as sp

from dynsys_gd.errors import InvalidInput, UnknownParameter, UnsupportedFunction
from dynsys_gd.maps.symbolic_map import SymbolicMap

x, y, r, a, b = sp.symbols("x y r a b")


def logistic():
    return SymbolicMap([r * x * (1 - x)], [x])


def henon():
    return SymbolicMap([1 - a * x**2 + y, b * x], [x, y])


def test_logistic_map_at_4_is_conjugate_to_angle_doubling():
    F = logistic().at(r=4)
    angle = 0.3
    orbit = F.trajectory([np.sin(angle) ** 2], 10).points[:, 0]
    assert np.allclose(orbit, np.sin(angle * 2.0 ** np.arange(11)) ** 2, atol=1e-12)


def test_logistic_two_cycle_has_the_known_points_and_multiplier():
    # x = (r + 1 ± sqrt((r - 3)(r + 1)))/(2r), multiplier 4 + 2r - r².
    F = logistic().at(r="16/5")
    root = sp.sqrt(sp.Rational(1, 5) * sp.Rational(21, 5))
    low, high = ((sp.Rational(21, 5) + s * root) / sp.Rational(32, 5) for s in (-1, 1))
    assert sp.simplify(F.exact_image([low])[0] - high) == 0
    assert sp.simplify(F.exact_image([high])[0] - low) == 0
    product = np.prod(F.jacobian_at([[float(low)], [float(high)]]))
    assert product == pytest.approx(4 + 6.4 - 3.2**2, rel=1e-12)


def test_henon_map_contracts_area_by_minus_b():
    F = henon()
    assert F.determinant == -b
    G = F.at(a="7/5", b="3/10")
    assert G.dimension == 2
    assert np.allclose(
        np.linalg.det(G.jacobian_at(np.random.default_rng(0).normal(size=(9, 2)))), -0.3
    )
    fixed = (-0.7 + np.sqrt(0.49 + 5.6)) / 2.8
    assert np.allclose(G([fixed, 0.3 * fixed]), [fixed, 0.3 * fixed], atol=1e-15)
    assert abs(G.iterate([0.1, 0.1], 1000)).max() < 2


def test_constant_images_keep_the_batch_axis():
    F = SymbolicMap([sp.Integer(1), x], [x, y])
    assert F(np.zeros((4, 2))).tolist() == [[1, 0]] * 4
    assert F.jacobian_at(np.zeros((3, 2))).shape == (3, 2, 2)


def test_parameters_by_name():
    F = henon()
    assert F.parameters == ("a", "b")
    assert F.at(a=1).parameters == ("b",)
    assert F.at(a=1).at(b=2) == F.at(b=2, a=1)
    with pytest.raises(UnknownParameter, match="a, b"):
        F.at(c=1)
    with pytest.raises(InvalidInput, match=r"F\.at\(a="):
        F([0.0, 0.0])


def test_residual_is_the_displacement():
    image, residual = logistic().at(r=3).kernel().step(np.array([[0.5], [0.25]]))
    assert image.ravel().tolist() == [0.75, 0.5625]
    assert residual.ravel().tolist() == [0.25, 0.3125]


def test_no_loss_and_states_are_their_own_points():
    F = logistic().at(r=3)
    assert F.loss is None
    points = np.array([[0.2]])
    assert F.lift(points) is points
    assert F.project(points) is points


@pytest.mark.parametrize(
    ("images", "variables"),
    [
        ("x", [x]),
        ([x], x),
        ([x, y], [x]),
        ([], []),
        ([x], ["x"]),
        ([x > 0], [x]),
    ],
)
def test_malformed_maps(images, variables):
    with pytest.raises(InvalidInput):
        SymbolicMap(images, variables)


def test_unsupported_functions_are_named():
    with pytest.raises(UnsupportedFunction, match="gamma"):
        SymbolicMap([sp.gamma(x)], [x])


def test_equality_hash_pickling_and_formula():
    F = henon().at(a="7/5")
    assert henon().at(a="7/5") == F
    assert hash(F) == hash(henon().at(a="7/5"))
    assert henon() != F
    assert pickle.loads(pickle.dumps(F)) == F
    assert "\\mapsto" in F._repr_latex_()
    assert repr(logistic()) == "SymbolicMap([r*x*(1 - x)], [x])"
    assert logistic().at(r=2).describe() == "the map x -> 2*x*(1 - x)"
