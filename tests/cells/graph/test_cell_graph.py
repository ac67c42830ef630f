"""Graphs of cells: no image is missed, none of a linear map is made up, what is refused."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from multiprocessing import get_context

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, x, y, z

import dynsys_gd as dg
from dynsys_gd.cells.cell_graph import cell_graph
from dynsys_gd.cells.cells import Cells

WELL = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2")
PRODUCT = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), step_size="1/2")
HENON = dg.SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])

SMOOTH = [
    (WELL, dg.Box([-2.4], [2.4]), 7),
    (dg.SymbolicMap([sp.sin(3 * x) + x / 7], [x]), dg.Box([-1], [2.3]), 6),
    (PRODUCT, dg.Box([-3, -3], [3, 3]), 9),
    (HENON, dg.Box([-1.5, -0.5], [1.5, 0.5]), 9),
    (dg.SymbolicMap([sp.exp(x - y) / 3, sp.tanh(x * y) - y / 2], [x, y]),
     dg.Box([-1, -1.3], [1, 1]), 8),
    (dg.SymbolicMap([x * sp.cos(y), y + sp.log(1 + sp.exp(x))], [x, y]),
     dg.Box([-2, -2], [1, 2]), 8),
    (dg.SymbolicMap([y, z, x - x * z / 3 + y**2 / 5], [x, y, z]),
     dg.Box([-1, -1, -1], [1, 1, 1]), 9),
    (dg.SymbolicMap([x / (x**2 + sp.Rational(1, 10))], [x]), dg.Box([-2], [2]), 6),
    (dg.SymbolicMap([sp.Abs(x - sp.Rational(1, 3)) * 2 - 1], [x]), dg.Box([-2], [2]), 6),
    (dg.SymbolicMap([1 / x], [x]), dg.Box([-2], [2]), 5),
]  # fmt: skip


def homes(cells: Cells, point: list[Fraction]) -> list[int]:
    """Return all closed cells that hold an exact point."""
    sides = []
    for edges, value in zip(cells.edges, point, strict=True):
        sides.append([
            k for k in range(len(edges) - 1)
            if Fraction(edges[k]) <= value <= Fraction(edges[k + 1])
        ])  # fmt: skip
    mesh = np.meshgrid(*sides, indexing="ij")
    return cells.codes_of(np.array([m.ravel() for m in mesh], dtype=np.int64)).tolist()


def exact_image(F, point):
    """Return F at a point of doubles, exactly or to 60 digits."""
    values = dict(zip(F.variables, [sp.Rational(p) for p in point], strict=True))
    images = [sp.sympify(e).xreplace(values) for e in F.expression]
    return [Fraction(int(r.p), int(r.q)) for r in (sp.Rational(sp.N(e, 60)) for e in images)]


@pytest.mark.parametrize(("F", "box", "depth"), SMOOTH, ids=range(len(SMOOTH)))
def test_no_image_is_missed(F, box, depth):
    graph = cell_graph(F, box, depth)
    draw = np.random.default_rng(depth)
    cells = graph.cells
    chosen = draw.integers(0, len(graph), 40)
    share = draw.random((40, cells.dimension))
    share[::3] = np.round(share[::3])  # corners, which several cells share
    points = cells.lower.T[chosen] + share * (cells.upper - cells.lower).T[chosen]
    points = np.clip(points, cells.lower.T[chosen], cells.upper.T[chosen])
    checked = 0
    for point in points.tolist():
        try:
            image = exact_image(F, point)
        except (TypeError, ValueError, AttributeError):  # not defined there
            assert all(graph.unbounded[i] for i in homes(cells, [Fraction(p) for p in point]))
            continue
        inside = all(
            Fraction(low) <= v <= Fraction(high)
            for low, v, high in zip(box.low, image, box.high, strict=True)
        )
        for source in homes(cells, [Fraction(p) for p in point]):
            known = set(graph.successors(source).tolist())
            if inside:
                assert known.issuperset(homes(cells, image))
                assert not graph.leaving[source]
            else:
                assert graph.escaping[source]
            checked += 1
    assert checked > 30


def test_a_face_belongs_to_the_cells_on_both_sides():
    half = dg.SymbolicMap([x / 2], [x])
    graph = cell_graph(half, dg.Box([-1], [1]), 2)  # cells of width 1/2
    assert [graph.successors(i).tolist() for i in range(4)] == [[0, 1], [1, 2], [1, 2], [2, 3]]


def test_a_linear_map_has_no_edge_too_many():
    """The parallelogram itself is tested against the cells, by exact separation here."""
    F = dg.SymbolicMap([(x - y) * sp.Rational(11, 16), (x + y) * sp.Rational(11, 16)], [x, y])
    graph = cell_graph(F, dg.Box([-1, -1], [1, 1]), 8)
    cells, total = graph.cells, 0
    low, high = cells.lower.T, cells.upper.T
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    for i in range(0, len(graph), 7):
        turned = (low[i] + corners * (high[i] - low[i])) @ np.array([[1, 1], [-1, 1]]) * (11 / 16)
        met = []
        for j in range(len(graph)):
            square = low[j] + corners * (high[j] - low[j])
            apart = False
            for n in np.array([[1, 0], [0, 1], [1, 1], [1, -1]]):
                s, t = square @ n, turned @ n
                apart |= s.max() < t.min() - 1e-12 or t.max() < s.min() - 1e-12
            met += [] if apart else [j]
        assert graph.successors(i).tolist() == met
        total += len(met)
    assert total > 150


def test_monotone_pieces_have_the_images_of_their_ends():
    graph = cell_graph(WELL, dg.Box([-2.4], [2.4]), 10)
    edges = graph.cells.edges[0]
    for i in (300, 512, 700):
        ends = sorted(1.5 * e - 0.5 * e**3 for e in edges[i : i + 2])
        met = np.flatnonzero((edges[1:] >= ends[0]) & (edges[:-1] <= ends[1]))
        assert abs(len(graph.successors(i)) - len(met)) <= 1
        assert set(met.tolist()) <= set(graph.successors(i).tolist())


def test_cells_that_leave_and_cells_without_bounds():
    graph = cell_graph(dg.SymbolicMap([1 / x], [x]), dg.Box([-1], [1]), 3)
    assert np.flatnonzero(graph.unbounded).tolist() == [3, 4]
    assert graph.successors(3).tolist() == list(range(8))
    assert graph.escaping[3]
    assert not graph.leaving[3]
    assert graph.leaving.tolist() == [False, True, True, False, False, True, True, False]
    assert graph.successors(1).tolist() == []


def test_the_digraph_has_the_edges_and_the_outside():
    graph = cell_graph(WELL, dg.Box([-2.4], [2.4]), 4)
    nodes = graph.graph
    assert set(nodes) == {*range(16), "outside"}
    for i in range(16):
        expected = set(graph.successors(i).tolist()) | ({"outside"} if graph.escaping[i] else set())
        assert set(nodes.successors(i)) == expected
    assert list(nodes.successors("outside")) == ["outside"]
    assert graph.matrix.sum() == graph.edges


def test_workers_change_nothing():
    alone = cell_graph(PRODUCT, dg.Box([-3, -3], [3, 3]), 15)
    with ThreadPoolExecutor(2) as executor:
        together = cell_graph(PRODUCT, dg.Box([-3, -3], [3, 3]), 15, executor=executor)
    assert (alone.indices == together.indices).all()
    assert (alone.indptr == together.indptr).all()


def test_progress_is_told():
    seen = []
    cell_graph(WELL, dg.Box([-2.4], [2.4]), 15, progress=lambda *now: seen.append(now))
    assert seen == [(16384, 32768), (32768, 32768)]


@pytest.mark.parametrize(
    ("F", "box", "depth", "argument"),
    [
        (dg.SymbolicMap([a * x], [x]), dg.Box([-1], [1]), 3, "F"),
        (dg.Loss(x**2, [x]), dg.Box([-1], [1]), 3, "F"),
        (WELL, dg.Box([-1, -1], [1, 1]), 3, "box"),
        (WELL, [-1, 1], 3, "box"),
        (WELL, dg.Box([-1], [1]), 3.0, "depth"),
        (WELL, dg.Box([-1], [1]), -1, "depth"),
        (WELL, dg.Box([-1], [1]), True, "depth"),
        (WELL, dg.Box([-1], [1]), 25, "depth"),
        (WELL, dg.Box([1], [1 + 2e-15]), 3, "depth"),  # a few doubles
        (WELL, dg.Box([-1e300], [1e300]), 3, "box"),
    ],
)
def test_bad_input_is_refused(F, box, depth, argument):
    with pytest.raises(dg.InvalidInput) as refused:
        cell_graph(F, box, depth)
    assert refused.value.argument == argument


def test_too_deep_names_the_number():
    with pytest.raises(dg.InvalidInput, match="33554432 cells"):
        cell_graph(WELL, dg.Box([-1], [1]), 25)


def test_a_map_without_formulas_is_refused():
    pytest.importorskip("jax")
    loss = dg.AutodiffLoss(lambda w: (w**2).sum(), 2)
    with pytest.raises(dg.InvalidInput, match="symbolic"):
        cell_graph(dg.GradientDescent(loss, step_size=0.5), dg.Box([-1, -1], [1, 1]), 3)


def test_unknown_cells_are_refused():
    graph = cell_graph(WELL, dg.Box([-1], [1]), 2)
    for cell in (4, -1, "1", 1.0, True):
        with pytest.raises(dg.InvalidInput):
            graph.successors(cell)


def test_floats_in_the_map_weaken_the_grade():
    exact = cell_graph(WELL, dg.Box([-1], [1]), 2).evidence
    rounded = cell_graph(dg.SymbolicMap([0.1 * x], [x]), dg.Box([-1], [1]), 2).evidence
    assert (exact.grade, rounded.grade) == (dg.Grade.CERTIFIED, dg.Grade.NUMERICAL)


def random_map(draw, d):
    """Return a map with random formulas: sums of products of powers and of elementary functions."""
    variables = [x, y, z][:d]
    number = lambda: sp.Rational(int(draw.integers(-40, 41)), int(draw.integers(7, 30)))  # noqa: E731
    shapes = [
        sp.sin,
        sp.tanh,
        sp.exp,
        lambda e: 1 / (1 + e**2),
        sp.Abs,
        lambda e: sp.sqrt(e**2 + 1),
    ]
    images = []
    for _ in variables:
        image = number()
        for _ in range(draw.integers(1, 4)):
            image += number() * sp.Mul(*(v ** int(draw.integers(0, 4)) for v in variables)) / 3
        inner = sum(number() * v for v in variables) / 2 + number() / 5
        images.append(image + number() * shapes[draw.integers(len(shapes))](inner))
    return dg.SymbolicMap(images, variables)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_no_image_of_a_random_map_is_missed(seed, d):
    draw = np.random.default_rng([seed, d])
    F = random_map(draw, d)
    low = draw.uniform(-2, 0, d).round(3)
    box = dg.Box(low.tolist(), (low + draw.uniform(0.5, 3, d)).tolist())
    graph = cell_graph(F, box, int(draw.integers(3, 11)))
    cells = graph.cells
    for _ in range(30):
        cell = int(draw.integers(len(graph)))
        at_corner = draw.random() < 0.4
        share = draw.integers(0, 2, d) if at_corner else draw.random(d)
        low, high = cells.lower[:, cell], cells.upper[:, cell]
        point = np.where(share == 1, high, low + share * (high - low))
        image = exact_image(F, point.tolist())
        ends = zip(box.low, image, box.high, strict=True)
        inside = all(Fraction(a) <= v <= Fraction(b) for a, v, b in ends)
        for source in homes(cells, [Fraction(p) for p in point.tolist()]):
            if inside:
                assert set(graph.successors(source).tolist()) >= set(homes(cells, image))
                assert not graph.leaving[source]
            else:
                assert graph.escaping[source]


def test_processes_change_nothing():
    alone = cell_graph(PRODUCT, dg.Box([-3, -3], [3, 3]), 15)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        together = cell_graph(PRODUCT, dg.Box([-3, -3], [3, 3]), 15, executor=executor)
        found = dg.morse_graph(HENON, dg.Box([-1.5, -0.5], [1.5, 0.5]), 15, executor=executor)
    assert (alone.indices == together.indices).all()
    whole = dg.morse_graph(HENON, dg.Box([-1.5, -0.5], [1.5, 0.5]), 15)
    assert whole.to_dict() == found.to_dict()


def test_states_of_momentum_have_four_coordinates():
    """Heavy ball on a loss of two parameters: cells of dimension four, of which one holds 0."""
    F = dg.HeavyBall(dg.Loss(x**2 + y**2 + x * y / 3, [x, y]), "1/5", "1/3")
    found = dg.morse_graph(F, dg.Box([-1] * 4, [1.1] * 4), 12)
    assert [s.kind for s in found] == [dg.MorseKind.ATTRACTING]
    assert found.set_at([[0.0] * 4]).tolist() == [0]
