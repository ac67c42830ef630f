"""Lanczos' method on lanes against eigenvalues of whole Hessians."""

from dataclasses import dataclass

import numpy as np
import pytest
import sympy as sp
from reference.machine_code import aligned, exported

from dynsys_gd import MLP, Activation, DataLoss, GradientDescent, HeavyBall, Loss
from dynsys_gd.engine.machine.cpu import processor
from dynsys_gd.engine.machine.gradient_step import GradientStep, update_code
from dynsys_gd.engine.machine.hessian_product import (
    HessianProductCode,
    NetworkHessianProduct,
    TapeHessianProduct,
    product_tape,
)
from dynsys_gd.engine.machine.tape_step import TapeStep
from dynsys_gd.engine.machine.tridiagonal import write_top_pair
from dynsys_gd.engine.machine.writer import Module
from dynsys_gd.engine.sharpness import (
    Lanczos,
    sharpness_along,
    sharpness_of,
    sharpness_of_hessians,
)
from dynsys_gd.engine.tape import lower

machine = pytest.mark.skipif(processor() is None, reason="no machine code here")


@dataclass(frozen=True)
class Matrix(HessianProductCode):
    """A fixed matrix, the data, times s, the first coordinate of the point."""

    size: int

    @property
    def dimension(self):
        return self.size

    def lanes(self, host):
        return host.width

    def write(self, module):
        names = ("point", "direction", "product", "parameters")
        f = module.function("hessian_product", [("ptr", name) for name in names])
        s = f.load("%point", align=8)
        for i in range(self.size):
            total = f.number(0.0)
            for j in range(self.size):
                entry = f.load(f.offset("%parameters", i * self.size + j), kind="double")
                v = f.load(f.offset("%direction", j * module.lanes), align=8)
                total = f.fma(f.broadcast(entry), v, total)
            f.store(f.mul(s, total), f.offset("%product", i * module.lanes), align=8)
        f.give()


def of_matrix(matrix, scales=(1.0,), **search):
    points = np.zeros((len(scales), len(matrix)))
    points[:, 0] = scales
    code = Matrix(len(matrix))
    return sharpness_of(code, np.ravel(matrix), points, search=Lanczos(**search))


def with_spectrum(values, seed=0):
    values = np.asarray(values, dtype=float)
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.standard_normal((len(values), len(values))))
    return (basis * values) @ basis.T


@machine
@pytest.mark.parametrize("activation", [Activation.TANH, Activation.RELU, Activation.SOFTPLUS])
@pytest.mark.parametrize("loss", DataLoss)
def test_sharpness_of_networks(activation, loss):
    rng = np.random.default_rng(0)
    net = MLP((2, 12, 2), activation, rng.normal(size=(20, 2)), rng.dirichlet(np.ones(2), 20), loss)
    points = rng.normal(size=(19, net.dimension))
    shape = net.machine_shape
    top = sharpness_of(NetworkHessianProduct(shape=shape), shape.parameters(net.X, net.Y), points)
    hessians = net.hessian_at(points)
    spectra = np.linalg.eigvalsh(hessians)
    size = np.abs(spectra).max(axis=1)
    assert np.all(np.abs(top.values - spectra[:, -1]) <= 1e-10 * size)
    assert np.all(top.errors <= 2e-7 * size)
    residuals = np.einsum("kij,kj->ki", hessians, top.vectors) - top.values[:, None] * top.vectors
    np.testing.assert_allclose(
        np.linalg.norm(residuals, axis=1), top.errors, atol=1e-13 * size.max()
    )
    np.testing.assert_allclose(np.linalg.norm(top.vectors, axis=1), 1.0, rtol=1e-14)


@machine
@pytest.mark.parametrize(
    "spectrum",
    [
        [-3.0, -2.0, -1.0, -0.5],  # negative definite: the largest, not the largest absolute one
        [-100.0, 1.0, 2.0],
        [0.0, 0.0, 0.0, 5.0],
        [-4.0, 0.0, 0.0, 0.0],
        [2.0, 2.0, 2.0],
        [1.0, 1.0 + 1e-9, 3.0, 3.0],
        [7.0],
        [-7.0],
        [1e-150, 2e-150],
        [1e150, -3e150, 2e150],
        list(np.linspace(-1, 1, 30)),
    ],
)
@pytest.mark.parametrize("steps", [3, 32])
def test_spectra(spectrum, steps):
    top = of_matrix(with_spectrum(spectrum), [1.0, 2.0, 1.0], steps=steps, check=2, cycles=300)
    size = np.abs(spectrum).max()
    expected = max(spectrum) * np.array([1.0, 2.0, 1.0])
    np.testing.assert_allclose(top.values, expected, rtol=0, atol=1e-10 * size)
    assert np.all(top.errors <= 2e-7 * size)
    assert top.values[0] == top.values[2]


@machine
@pytest.mark.parametrize("d", [1, 2, 5])
def test_a_zero_hessian_has_sharpness_zero(d):
    top = of_matrix(np.zeros((d, d)), [1.0, 3.0])
    assert top.values.tolist() == top.errors.tolist() == [0.0, 0.0]


@machine
def test_matrices_with_zero_rows():
    for matrix in (np.diag([0.0, 3.0, 0.0]), np.diag([-1.0, -1.0, -5.0]), np.ones((4, 4))):
        expected = np.linalg.eigvalsh(matrix)[-1]
        assert of_matrix(matrix).values[0] == pytest.approx(expected, abs=1e-12)


@machine
def test_nan_stays_in_its_lane():
    matrix = with_spectrum([1.0, 2.0, 5.0])
    clean = of_matrix(matrix, [1.0] * 8)
    top = of_matrix(matrix, [1.0, np.nan, 1.0, np.inf, 1.0, 1.0, 1.0, 1.0])
    assert np.isnan(top.values[[1, 3]]).all()
    assert np.isnan(top.errors[[1, 3]]).all()
    kept = [0, 2, 4, 5, 6, 7]
    np.testing.assert_array_equal(top.values[kept], clean.values[kept])
    np.testing.assert_array_equal(top.vectors[kept], clean.vectors[kept])


@machine
def test_a_point_does_not_notice_the_others():
    # Easy and hard matrices need different numbers of products; each lane stops by itself.
    net = MLP((1, 4, 1), Activation.TANH, [[1.0], [2.0], [-1.0]], [[0.0], [1.0], [0.5]])
    shape = net.machine_shape
    code, data = NetworkHessianProduct(shape=shape), shape.parameters(net.X, net.Y)
    points = np.random.default_rng(2).normal(size=(21, 13)) * np.logspace(-3, 1, 21)[:, None]
    together = sharpness_of(code, data, points, search=Lanczos(steps=5, check=2))
    for k in (0, 7, 20):
        alone = sharpness_of(code, data, points[k : k + 1], search=Lanczos(steps=5, check=2))
        assert alone.values[0] == together.values[k]
        assert alone.errors[0] == together.errors[k]


@machine
def test_no_points_at_all():
    top = sharpness_of(Matrix(2), np.ones(4), np.empty((0, 2)))
    assert top.values.shape == top.errors.shape == (0,)
    assert top.vectors.shape == (0, 2)


@machine
def test_good_guesses_are_taken_up():
    matrix = with_spectrum(np.linspace(0, 1, 12))
    _, vectors = np.linalg.eigh(matrix)
    points = np.ones((1, 12))
    guess = vectors[:, -1:].T + 1e-9
    top = sharpness_of(
        Matrix(12), matrix.ravel(), points, start=guess, search=Lanczos(steps=2, check=2, cycles=1)
    )
    assert top.values[0] == pytest.approx(1.0, abs=1e-14)


@machine
def test_largest_pairs_of_tridiagonal_matrices():
    rng = np.random.default_rng(0)
    size, lanes = 9, 8
    a, b = rng.normal(size=(size, lanes)), np.abs(rng.normal(size=(size, lanes)))
    b[3, :2] = 0.0  # two blocks
    b[:, 2] *= 1e-12  # nearly diagonal
    a[:, 3] = 1.0  # graded: the last component is far below the rounding of the others
    b[:, 3] = 10.0 ** -np.arange(size)
    module = Module(lanes=lanes, fused=False)
    name = write_top_pair(module, size)
    f = module.function("call", [("ptr", p) for p in ("a", "b", "v", "value")])
    pairs = [("ptr", "%a"), ("ptr", "%b"), ("ptr", "%v"), ("i64", str(size))]
    f.store(f.call(name, *pairs, returns=f.real), "%value")
    f.give()
    arrays = [aligned(size * lanes) for _ in range(4)]
    arrays[0][:], arrays[1][:] = a.ravel(), b.ravel()
    exported(module, "call", 4)(*arrays)
    vectors, values = arrays[2].reshape(size, lanes), arrays[3][:lanes]
    for k in range(lanes):
        matrix = np.diag(a[:, k]) + np.diag(b[:-1, k], 1) + np.diag(b[:-1, k], -1)
        spectrum, basis = np.linalg.eigh(matrix)
        assert values[k] == pytest.approx(spectrum[-1], abs=1e-14 * np.abs(spectrum).max())
        vector = vectors[:, k] / np.linalg.norm(vectors[:, k])
        assert np.linalg.norm(matrix @ vector - values[k] * vector) < 1e-14 * np.abs(spectrum).max()
        assert abs(vector @ basis[:, -1]) == pytest.approx(1.0, abs=1e-9)
    assert 0 < abs(vectors[-1, 3] / vectors[0, 3]) < 1e-20


@machine
@pytest.mark.parametrize("rule", ["descent", "heavy ball"])
def test_sharpness_along_trajectories(rule):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(12, 2))
    net = MLP((2, 6, 1), Activation.TANH, X, np.sin(X[:, :1]))
    F = (
        GradientDescent(net, step_size=0.1)
        if rule == "descent"
        else HeavyBall(net, step_size=0.1, momentum=0.8)
    )
    code, data = net.gradient_code()
    step = GradientStep(code, update_code(type(F).update, F.blocks, tuple(F.settings)))
    settings = np.concatenate([[float(v) for v in F.settings.values()], data])
    states = F.lift(rng.normal(size=(11, net.dimension)))
    found, errors, final = sharpness_along(
        step,
        settings,
        NetworkHessianProduct(shape=net.machine_shape),
        data,
        states,
        records=70,
        every=3,
    )
    kernel = F.kernel()
    for record in range(70):
        points = states[:, : net.dimension]
        expected = net.sharpness_at(points)
        np.testing.assert_allclose(found[:, record], expected, rtol=1e-6)
        assert np.all(errors[:, record] <= 2e-4 * expected)
        if record < 69:
            for _ in range(3):
                states, _ = kernel.step(states)
    np.testing.assert_allclose(final, states, atol=1e-12)


@machine
def test_an_eigenvalue_that_overtakes_without_coupling_is_noticed():
    # Two coordinates that never meet: the vector of the first stays exact while the second grows.
    x, y = sp.symbols("x y")
    loss = Loss(x**4 / 12 + y**2, [x, y])
    step = TapeStep(lower([sp.Rational(99, 100) * x, y, x, y], [x, y]))
    product = TapeHessianProduct(product_tape([x**3 / 3, 2 * y], [x, y], []))
    states = np.array([[3.0, 1.0]])
    none = np.zeros(1)
    found, _, _ = sharpness_along(step, none, product, none, states, records=120)
    points = np.stack([3.0 * 0.99 ** np.arange(120), np.ones(120)], axis=1)
    np.testing.assert_allclose(found[0], loss.sharpness_at(points), rtol=1e-4)


def test_whole_hessians_give_the_same_without_machine_code():
    matrices = np.stack(
        [with_spectrum([-5.0, 1.0, 2.0]), np.full((3, 3), np.nan), np.zeros((3, 3))]
    )
    top = sharpness_of_hessians(lambda points: matrices, np.zeros((3, 3)))
    np.testing.assert_allclose(top.values, [2.0, np.nan, 0.0], atol=1e-14)
    assert np.isnan(top.vectors[1]).all()
    assert np.nanmax(top.errors) < 1e-14
