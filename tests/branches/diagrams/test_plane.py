"""Planes against curves that are known exactly, and regions against shapes drawn by hand."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, beta, eta, mu, x, y

import dynsys_gd as dg
from dynsys_gd.branches.diagrams.plane_result import ParameterPlane

CUBIC = dg.Loss(x**2 / 2 - x**3 / 3, [x])
FEW = dg.Budget(lyapunov_steps=512, max_period=16)
B = dg.Behaviour


def plane(F, names, values, starts, **more):
    return dg.parameter_plane(F, names, values, starts=starts, **{"budget": FEW, **more})


def edges(found, before, after):
    """For each second value: where the period stops being `before`, and where it is `after`."""
    etas = found.values[0]
    for k, second in enumerate(found.values[1]):
        period = found.period[:, k, 0]
        yield second, etas[np.flatnonzero(period == before)[-1]], etas[np.argmax(period == after)]


@pytest.mark.parametrize(
    ("rule", "first"),
    [
        (dg.HeavyBall, lambda m: 2 * (1 + m)),
        (dg.Nesterov, lambda m: 2 * (1 + m) / (1 + 2 * m)),
    ],
    ids=["heavy ball", "Nesterov"],
)
def test_the_minimum_loses_stability_where_theory_says(rule, first):
    betas = [0.0, 0.1, 0.25, 0.4]
    values = np.linspace(1.2, 3.0, 721)
    found = plane(rule(CUBIC, eta, beta), ["eta", "beta"], [values, betas], [[1e-3]],
                  transient=4000)  # fmt: skip
    for m, last, beyond in edges(found, 1, 2):
        assert last < first(m) < beyond
        assert beyond - last < 0.012


def test_the_second_flip_of_heavy_ball():
    betas = [0.0, 0.1, 0.2, 0.3]
    found = plane(dg.HeavyBall(CUBIC, eta, beta), ["eta", "beta"],
                  [np.linspace(2.2, 3.4, 601), betas], [[0.02]], transient=4000)  # fmt: skip
    for m, last, beyond in edges(found, 2, 4):
        assert last < np.sqrt(5 * (1 + m) ** 2 + (1 - m) ** 2) < beyond
        assert beyond - last < 0.012


def test_step_size_and_scale_of_the_data():
    """(xy - μ)²/2 is (xy - 1)²/2 with η μ in place of η: flips at η μ = 1 and √5 - 1."""
    F = dg.GradientDescent(dg.Loss((x * y - mu) ** 2 / 2, [x, y]), eta)
    scales = np.array([0.5, 1.0, 2.0])
    etas = np.linspace(0.3, 2.6, 401)
    start = [[1.1 * sp.sqrt(mu), sp.sqrt(mu)]]
    found = plane(F, ["mu", "eta"], [scales, etas], start, transient=4000)
    for k, scale in enumerate(scales):
        product, period = scale * etas, found.period[k, :, 0]
        decided = found.behaviour[k, :, 0] == B.PERIODIC
        inside = decided & (product < 1.2)
        assert (period[inside] == np.where(product < 1, 1, 2)[inside]).all()
        assert (period[decided & (product > 1.24) & (product < 1.28)] == 4).all()
        assert (found.behaviour[k, :, 0][product > 2.01] == B.ESCAPED).all()
        assert decided[product < 0.98].all()


def test_a_critical_point_finds_the_window_of_period_three():
    """The logistic map with its critical point 1/2, a shifted so that the start depends on it."""
    F = dg.SymbolicMap([a * (x - b) * (1 - x + b) + b], [x])
    found = plane(F, ["a", "b"], [[3.831, 3.8, 3.835][::2], [0, 1]], [[sp.Rational(1, 2) + b]])
    assert (found.period == 3).all()
    assert (found.exponent < -0.1).all()


def drawn(periods, behaviour=None):
    """A plane with given periods."""
    period = np.array(periods)[:, :, None]
    codes = np.where(period > 0, 0, int(B.CHAOTIC)) if behaviour is None else behaviour
    shape = period.shape
    return ParameterPlane(
        map=dg.HeavyBall(CUBIC, eta, beta),
        parameters=("eta", "beta"),
        values=(np.arange(shape[0]) * 1.0, np.arange(shape[1]) * 10.0),
        behaviour=codes.astype(np.int8),
        period=period,
        exponent=np.zeros(shape),
        error=np.zeros(shape),
        region=None,
        seed=0,
        transient=0,
        budget=dg.Budget(),
        evidence=dg.Evidence(grade=dg.Grade.NUMERICAL, reason="made by hand"),
    )


def test_regions_are_connected_along_the_axes():
    found = drawn([[1, 1, 2], [1, 2, 2], [2, 0, 1]])
    assert found.labels().tolist() == [[0, 0, 1], [0, 1, 1], [2, 3, 4]]
    regions = found.regions()
    assert [(r.words, r.size) for r in regions] == [
        ("period 1", 3),
        ("period 2", 3),
        ("period 2", 1),
        ("chaotic", 1),
        ("period 1", 1),
    ]
    assert (regions[0].low, regions[0].high) == ((0.0, 0.0), (1.0, 10.0))
    assert (regions[3].low, regions[3].inside) == ((2.0, 10.0), (2.0, 10.0))
    assert sum(r.share for r in regions) == pytest.approx(1)


def test_the_inside_of_a_region_is_far_from_its_edge():
    periods = np.ones((9, 9), dtype=int)
    periods[2:7, 3:8] = 2
    inner = next(r for r in drawn(periods).regions() if r.period == 2)
    assert inner.inside == (4.0, 50.0)


def test_every_point_lies_in_the_region_of_its_label():
    rng = np.random.default_rng(0)
    found = drawn(rng.integers(0, 3, (40, 30)))
    labels, regions = found.labels(), found.regions()
    assert sorted({r.size for r in regions}, reverse=True)[0] == regions[0].size
    for k, region in enumerate(regions):
        here = found.period[..., 0][labels == k]
        assert len(here) == region.size
        assert (here == region.period).all()


def test_starts_have_planes_of_their_own():
    F = dg.SymbolicMap([a * x - b * x**3], [x])
    found = plane(F, ["a", "b"], [[0.5, 1.5], [1, 2]], [[0.4], [50.0]])
    assert found.period[:, :, 0].tolist() == [[1, 1], [1, 1]]
    assert (found.behaviour[:, :, 1] == B.ESCAPED).all()
    assert [r.words for r in found.regions(1)] == ["escaped"]
    with pytest.raises(dg.InvalidInput, match="start"):
        found.regions(2)


def test_the_answer_does_not_depend_on_who_computes_it_or_on_the_file(tmp_path):
    F = dg.HeavyBall(CUBIC, eta, beta)
    told = []
    with ThreadPoolExecutor(2) as pool:
        texts = {
            json.dumps(
                dg.parameter_plane(
                    F, ["eta", "beta"], [np.linspace(1, 3, 70), np.linspace(0, 0.9, 40)],
                    region=dg.Box([0], [0.1]), starts=2, rng=1, transient=20, budget=FEW,
                    executor=executor, checkpoint=path,
                    progress=lambda done, total: told.append((done, total)),
                ).to_dict()
            )
            for executor, path in ((None, None), (pool, tmp_path / "p"), (None, tmp_path / "p"))
        }  # fmt: skip
    assert len(texts) == 1
    assert told[-1] == (5600, 5600)


def test_a_setting_out_of_its_range_anywhere_is_refused():
    F = dg.HeavyBall(CUBIC, eta, beta)
    with pytest.raises(dg.InvalidInput, match="momentum"):
        plane(F, ["eta", "beta"], [[1, 2], [0.5, 1.5]], [[0.1]])
