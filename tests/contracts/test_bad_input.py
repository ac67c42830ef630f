"""Every door refuses what it cannot use, by name, and says what it would have taken."""

import math
import os
import pickle
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import pytest
import sympy as sp
from matplotlib.figure import Figure
from scipy import stats
from sympy.abc import a, beta, eta, x, y

import dynsys_gd as dg
from dynsys_gd import plots
from dynsys_gd.errors import InvalidInput

NAN, INF = math.nan, math.inf
LOSS = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
OPEN_LOSS = dg.Loss((x * y - a) ** 2 / 2, [x, y])
OPEN = dg.GradientDescent(LOSS, eta)
OPEN_PLANE = dg.GradientDescent(OPEN_LOSS, eta)
MOMENTUM = dg.HeavyBall(dg.Loss(x**2 / 2, [x]), eta, beta)
F = OPEN.at(eta="1/2")
LOGISTIC = dg.SymbolicMap([a * x * (1 - x)], [x])
BOX = dg.Box([-3, -3], [3, 3])
HALF, LINE = dg.SymbolicMap([x / 2], [x]), dg.Box([-1], [1])
X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 2.0]])
Y = np.array([[1.0], [0.0], [2.0]])
NET = dg.LinearNetwork((2, 2, 1), X, Y)
FEW = dg.MonteCarlo(n=10)
CELLS = dg.Enclosure(seconds=1)
SMALL = dg.Budget(steps=64)
BOXES, PIXELS = dg.BoxCounting(), dg.ResolutionScaling()
NO_SCALES = (None, 0.1, "ab", (0.1, 0.2, 0.3), (1, 0.5, 0.2), (0.2, 0.1, 0), (0.2, 0.1, NAN))
CLAIM = dg.claims.non_singular_map
TANH, SQUARED = dg.Activation.TANH, dg.DataLoss.SQUARED
VOTES = dg.class_votes(2, 1)
STAIRS = dg.QuantizedNetwork(X, [0, 1, 0], VOTES, bits=2)
THROUGH = dg.StraightThrough.RELU

NO_LOSSES = (None, 3, "x**2", x**2, F, [LOSS])
NO_MAPS = (None, 3, "x**2", x**2, LOSS, [F])
NO_NUMBERS = (None, "much", [1], {"eta": 1}, True, 1j, NAN, INF, -INF, sp.nan, sp.oo, sp.I, "nan")
NO_COUNTS = (0, -1, 2.5, "3", None, True, NAN, INF, [2])
NO_DEPTHS = (-1, 61, 2.5, "3", None, True, NAN, [2])
NO_SECONDS = (0, -1, NAN, None, "soon", True, [5])
NO_RNG = (-1, 1.5, "seed", [1, "b"], True, np.random.RandomState(0))
NO_EXECUTORS = (4, "threads", True, ThreadPoolExecutor)
NO_POINTS = (None, "origin", [[1.0]], [1.0, 2.0, 3.0], [["a", "b"]], 5, [[1, 2], [3]], [1j, 2])
NO_STARTS = (*NO_POINTS, [], [[]], [1.0, 2.0], [[NAN, 0.0]], [[INF, 0.0]], np.empty((0, 2)))

WELL_FLIP = dg.normal_form(dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta), [1])

NO_GIVEN_STARTS = (0, -1, 2.5, "3", True, NAN, [], [[]], [1.0], [[NAN, 0]], [[1, 2], [3]], [[1j]])


def scan(G=OPEN, parameter="eta", values=("1/2", 2), **more):
    arguments = {"region": BOX, "method": FEW, "budget": SMALL, "rng": 0}
    return dg.transition(G, parameter, values, **{**arguments, **more})


def crises(**more):
    arguments = {"region": LINE, "parameter": "a", "to": (3.9, 4.1), "values": 2}
    arguments |= more
    return dg.crises(LOGISTIC, arguments.pop("region"), **arguments)


def over(**more):
    arguments = {"F": OPEN, "parameter": "eta", "values": [0.4, 0.5], "region": BOX, "n": 4}
    arguments |= {"budget": SMALL, **more}
    given = [arguments.pop(name) for name in ("F", "parameter", "values")]
    return dg.follow_attractors(*given, **arguments)


def boundary(G=F, region=BOX, **more):
    method = dg.UncertaintyExponent(events=50, pairs=200)
    return dg.boundary_dimension(G, region, **{"method": method, **more})


def entropy(**more):
    return dg.basin_entropy(F, BOX, **{"boxes": 2, **more})


def diagram(G=OPEN, parameter="eta", values=(0.9, 1.1), **more):
    return dg.bifurcation_diagram(G, parameter, values, **{"starts": [[1.1, 0.8]], **more})


def plane(G=OPEN_PLANE, parameters=("a", "eta"), values=((1, 2), (0.5, 1)), **more):
    return dg.parameter_plane(G, parameters, values, **{"starts": [[1.1, 0.8]], **more})


def bifurcations(G=MOMENTUM, orbit=(0.0,), **more):
    options = {"start": (2, 0), "to": ((0, 5), (0, 1)), **more}
    return dg.follow_bifurcation(G, orbit, **options)


def refused(argument, door, values):
    """One case for each value: `door(value)` must name `argument`."""
    for value in values:
        shown = f"shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)[:30]
        if " at 0x" in repr(value):
            shown = type(value).__name__  # an address would differ between the worker processes
        yield pytest.param(argument, door, value, id=f"{argument}={shown}")


def branch():
    well = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    return dg.follow(well, [1.0], parameter="eta", to=(0.5, 0.9))


def flipping():
    return dg.follow(*ALONG, parameter="eta", to=(0.9, 1.1))


ALONG, UP = (OPEN, [1.0, 1.0]), {"parameter": "eta", "to": (0.5, 0.9)}
NO_RANGES = (None, 3, "ab", (1,), (1, 1), (NAN, 1), (0, INF), (x, 1), (1, 2, 3))
NO_ORBITS = (None, "origin", [], [[]], [1.0], [1, 2, 3], [[NAN, 1]], [INF, 0], [5.0, 5.0], [1j, 2])

FLOORS = {
    "regions": [
        *refused("low", lambda v: dg.Box(v, [1, 1]), (None, 3, "ab", [], [NAN, 0], [[0, 0]])),
        *refused("high", lambda v: dg.Box([0, 0], v), (None, [1], [INF, 1], [1j, 1])),
        *refused("low, high", lambda v: dg.Box([0, 0], v), ([0, 1], [-1, 1])),
        *refused("resolution", BOX.grid, (0, -1, 2.5, "3", None, True, [2], [2, 0], [2, NAN])),
        *refused("resolution", BOX.grid, ([10**5, 10**5],)),
        *refused("box", lambda v: dg.Grid(v, 3), (None, [0, 1], dg.Ball([0], 1))),
        *refused("center", lambda v: dg.Ball(v, 1), (None, [], [NAN], "a")),
        *refused("radius", lambda v: dg.Ball([0], v), (0, -1, NAN, INF, None, "wide", True, [1])),
        *refused("mean", lambda v: dg.Gaussian(v, 1), (None, [], [INF], "a")),
        *refused(
            "scale",
            lambda v: dg.Gaussian([0, 0], v),
            (0, -1, NAN, None, "wide", True, [1], [0, 0], [1, -1], [1, NAN]),
        ),
        *refused(
            "laws",
            dg.Distribution,
            (None, 3, "norm", [], [3], ["norm"], [stats.norm], stats.norm, stats.norm(0, 1)),
        ),
        *refused(
            "laws",
            dg.Distribution,
            (
                [stats.norm([0, 1])],
                [stats.norm(0, -1)],
                [stats.multivariate_normal([0, 0])],
                stats.wishart(2, [[1, 0], [0, 1]]),
                stats.multivariate_normal,
            ),
        ),
        *refused("name", lambda v: dg.Distribution([stats.norm()], name=v), (None, 3)),
        *refused("n", lambda v: dg.Distribution([stats.norm()]).sample(v, rng=0), NO_COUNTS),
        *refused("n", lambda v: BOX.sample(v, rng=0), NO_COUNTS),
        *refused("n", lambda v: dg.Ball([0], 1).sample(v, rng=0), NO_COUNTS),
        *refused("n", lambda v: dg.Gaussian([0], 1).sample(v, rng=0), NO_COUNTS),
        *refused("rng", lambda v: BOX.sample(2, rng=v), NO_RNG),
        *refused("rng", lambda v: dg.Ball([0], 1).sample(2, rng=v), NO_RNG),
        *refused("rng", lambda v: dg.Gaussian([0], 1).sample(2, rng=v), NO_RNG),
        *refused("points", BOX.contains, (None, "a", [1.0], [[1, 2, 3]])),
    ],
    "losses": [
        *refused(
            "expression",
            lambda v: dg.Loss(v, [x]),
            (None, "x**2", b"x", [x], {x: 1}, sp.Matrix([x, x]), x > 0, object()),
        ),
        *refused("expression", lambda v: dg.Loss(v, [x]), (x + sp.nan, x + sp.oo, sp.I * x)),
        *refused("expression", lambda v: dg.Loss(v, [x]), (NAN, 1j)),
        *refused("variables", lambda v: dg.Loss(x**2, v), (None, [], x, "x", ["x"], [x, x], [1])),
        *refused("a", lambda v: OPEN_LOSS.at(a=v), NO_NUMBERS),
        *refused("parameter", lambda v: OPEN_LOSS.at(**{v: 1}), ("b", "x", "eta")),
        *refused("parameter", lambda v: OPEN_LOSS(v), ([1.0, 2.0],)),
        *refused("parameter", lambda v: OPEN_LOSS.gradient_at(v), ([1.0, 2.0],)),
        *refused("points", LOSS, NO_POINTS),
        *refused("points", LOSS.gradient_at, NO_POINTS),
        *refused("points", LOSS.hessian_at, NO_POINTS),
        *refused("points", LOSS.sharpness_at, NO_POINTS),
        *refused("points", NET, NO_POINTS),
        *refused("text", lambda v: dg.parse_loss(v, ["x"]), (None, 3, "", "x +", "import os", x)),
        *refused("variables", lambda v: dg.parse_loss("x**2", v), (None, [], "x", [x], ["x", "x"])),
        *refused("parameters", lambda v: dg.parse_loss("x**2", ["x"], v), (3, "a", [a], ["x"])),
        *refused(
            "widths",
            lambda v: dg.LinearNetwork(v, X, Y),
            (None, 3, "2, 1", [2], [2, 0, 1], [2, 2.5, 1], [3, 1], [2, 2], [2, True, 1]),
        ),
        *refused(
            "X",
            lambda v: dg.LinearNetwork((2, 1), v, Y),
            (None, "X", [], [1, 2, 3], np.full((3, 2), NAN)),
        ),
        *refused(
            "Y",
            lambda v: dg.LinearNetwork((2, 1), X, v),
            (None, "Y", Y.ravel(), np.full((3, 1), INF)),
        ),
        *refused("X, Y", lambda v: dg.LinearNetwork((2, 1), X, v), (Y[:2],)),
        *refused("activation", lambda v: dg.MLP((2, 1), v, X, Y, SQUARED), (None, "tanh", np.tanh)),
        *refused("loss", lambda v: dg.MLP((2, 1), TANH, X, Y, v), (None, "squared", LOSS)),
        *refused(
            "biases", lambda v: dg.MLP((2, 1), TANH, X, Y, SQUARED, biases=v), (None, "no", 1)
        ),
        *refused("Y", lambda v: dg.MLP((2, 1), TANH, X, v, dg.DataLoss.CROSS_ENTROPY), (Y,)),
        *refused("function", lambda v: dg.AutodiffLoss(v, 2), (None, "x**2", x**2, LOSS)),
        *refused("dimension", lambda v: dg.AutodiffLoss(abs, v), NO_COUNTS),
        *refused("names", lambda v: dg.AutodiffLoss(sum, 2, v), ("xy", ["x"], ["x", "x"], 3)),
        *refused("network", dg.he_normal, NO_LOSSES),
        *refused(
            "X",
            lambda v: dg.QuantizedNetwork(v, [0, 1, 0], VOTES, bits=2),
            (None, 3, [], [1.0], [["a"]], [[NAN]]),
        ),
        *refused(
            "labels",
            lambda v: dg.QuantizedNetwork(X, v, VOTES, bits=2),
            (None, 1, "010", [0, 1], [0, 1, 2], [0, -1, 1], [0, 0.5, 1], [[0, 1, 0]], [0, 1, NAN]),
        ),
        *refused(
            "votes",
            lambda v: dg.QuantizedNetwork(X, [0, 1, 0], v, bits=2),
            (None, 3, [1.0, 2.0], [[1.0]], [[NAN], [1.0]], [["a"], ["b"]]),
        ),
        *refused(
            "bits",
            lambda v: dg.QuantizedNetwork(X, [0, 1, 0], VOTES, bits=v),
            (*NO_COUNTS, 17),
        ),
        *refused("n_classes", lambda v: dg.class_votes(v, 2), (*NO_COUNTS, 1)),
        *refused("units", lambda v: dg.class_votes(2, v), NO_COUNTS),
        *refused("points", STAIRS, NO_POINTS),
        *refused("network", dg.xavier_normal, (LOSS, None)),
        *refused("network", dg.fan_in_uniform, (LOSS, None)),
        *refused("scale", lambda v: dg.fan_in_uniform(NET, v), (0, -1, NAN, INF, "1", None)),
        *refused(
            "box", lambda v: dg.catalog.factorisation_area("1/2", v), (None, 3, dg.Box([0], [1]))
        ),
        *refused("step_size", lambda v: dg.catalog.factorisation_area(v, BOX), (*NO_NUMBERS, 0, 2)),
        *refused("name", dg.catalog.get, (None, 3, "nothing", LOSS)),
        *refused(
            "step_size",
            dg.catalog.get("double_well").facts_of(dg.catalog.ExactMeasure)[0].at,
            (*NO_NUMBERS, -1, 0, 1),
        ),
    ],
    "maps": [
        *refused("loss", lambda v: dg.GradientDescent(v, "1/2"), NO_LOSSES),
        *refused("loss", lambda v: dg.HeavyBall(v, "1/2", "1/2"), NO_LOSSES),
        *refused("loss", lambda v: dg.CoarseGradient(v, "1/2", THROUGH), (*NO_LOSSES, LOSS, NET)),
        *refused("step_size", lambda v: dg.CoarseGradient(STAIRS, v, THROUGH), (*NO_NUMBERS, 0)),
        *refused("estimator", lambda v: dg.CoarseGradient(STAIRS, 1, v), (None, "ReLU", TANH)),
        *refused("parameter", dg.CoarseGradient(STAIRS, eta, THROUGH), ([1.0] * 4,)),
        *refused("parameter", lambda v: STAIRS.at(**{v: 1}), ("eta",)),
        *refused("loss", lambda v: dg.Nesterov(v, "1/2", "1/2"), NO_LOSSES),
        *refused("losses", lambda v: dg.MinibatchCycle(v, "1/2"), (None, [], [F], LOSS, "x", [x])),
        *refused("losses", lambda v: dg.MinibatchCycle(v, "1/2"), ([LOSS, dg.Loss(x**2, [x])],)),
        *refused("step_size", lambda v: dg.GradientDescent(LOSS, v), (*NO_NUMBERS, 0, -1)),
        *refused("step_size", lambda v: dg.HeavyBall(LOSS, v, "1/2"), (*NO_NUMBERS, 0, -1)),
        *refused("step_size", lambda v: dg.Nesterov(LOSS, v, "1/2"), (*NO_NUMBERS, 0, -1)),
        *refused("step_size", lambda v: dg.MinibatchCycle([LOSS], v), (*NO_NUMBERS, 0, -1)),
        *refused("losses", lambda v: dg.RandomMinibatch(v, "1/2"), (None, [], [F], LOSS, "x", [x])),
        *refused("step_size", lambda v: dg.RandomMinibatch([LOSS], v), (*NO_NUMBERS, 0, -1)),
        *refused(
            "probabilities",
            lambda v: dg.RandomMinibatch([LOSS, LOSS], "1/2", v),
            (3, "ab", [1], [1, 0], [2, -1], ["1/2", "1/3"], [NAN, 1], [eta, 1 - eta]),
        ),
        *refused("rng", lambda v: dg.RandomMinibatch([LOSS], "1/2", rng=v), NO_RNG),
        *refused(
            "rng", lambda v: dg.RandomMinibatch([LOSS], 1, rng=0).states([1, 1], rng=v), NO_RNG
        ),
        *refused("loss", lambda v: dg.LayerwiseDescent(v, ("1/2", "1/2")), NO_LOSSES),
        *refused(
            "step_sizes",
            lambda v: dg.LayerwiseDescent(LOSS, v),
            (
                None,
                1,
                "1/2",
                ["1/2"],
                ["1/2", 0],
                ["1/2", -1],
                ["1/2", NAN],
                ["1/2", x],
                ["1", "a b"],
            ),
        ),
        *refused(
            "layers",
            lambda v: dg.LayerwiseDescent(LOSS, ["1/2"], v),
            (1, "2", [1], [3], [0, 2], [2.0], [-1, 3]),
        ),
        *refused("momentum", lambda v: dg.HeavyBall(LOSS, "1/2", v), (*NO_NUMBERS, -1, 2)),
        *refused("text", lambda v: dg.parse_map(v, ["x"]), (None, 3, "", "x +", "x, x", x)),
        *refused("variables", lambda v: dg.parse_map("x", v), (None, [], "x", [x], ["x", "x"])),
        *refused("a", lambda v: dg.textbook.henon(v), NO_NUMBERS),
        *refused("b", lambda v: dg.textbook.henon("7/5", v), NO_NUMBERS),
        *refused("b", lambda v: dg.textbook.henon_as_momentum(1, v), (*NO_NUMBERS, 1, -2, 2)),
        *refused("a", lambda v: dg.textbook.henon_box(v), (*NO_NUMBERS, x, 0, -1)),
        *refused("b", lambda v: dg.textbook.henon_box(1, v), (*NO_NUMBERS, x)),
        *refused("r", dg.textbook.logistic, NO_NUMBERS),
        *refused("r", dg.textbook.logistic_box, (*NO_NUMBERS, x, 0.5, -1)),
        *refused("momentum", lambda v: dg.Nesterov(LOSS, "1/2", v), (*NO_NUMBERS, -1, 1, 2)),
        *refused("step_size", lambda v: dg.GradientDescent(LOSS, v), (x, eta + y)),
        *refused("eta", lambda v: OPEN.at(eta=v), NO_NUMBERS),
        *refused("step_size", lambda v: OPEN.at(eta=v), (0, -1)),
        *refused("parameter", lambda v: OPEN.at(**{v: 1}), ("alpha", "step_size", "x")),
        *refused("parameter", lambda v: F.at(**{v: 1}), ("eta",)),
        *refused(
            "images",
            lambda v: dg.SymbolicMap(v, [x]),
            (None, [], x, "x", ["x"], [x, x], [F], [None], [x > 0]),
        ),
        *refused("variables", lambda v: dg.SymbolicMap([x], v), (None, [], "x", ["x"], [1])),
        *refused("a", lambda v: LOGISTIC.at(a=v), NO_NUMBERS),
        *refused("parameter", lambda v: LOGISTIC.at(**{v: 1}), ("r",)),
        *refused("parameter", OPEN, ([1.0, 2.0],)),
        *refused("parameter", LOGISTIC, ([1.0],)),
        *refused("states", F, NO_POINTS),
        *refused("states", F.jacobian_at, NO_POINTS),
        *refused("state", lambda v: F.iterate(v, 2), NO_POINTS),
        *refused("n", lambda v: F.iterate([1.0, 2.0], v), NO_COUNTS),
        *refused("start", lambda v: F.trajectory(v, 2), (*NO_POINTS, [NAN, 0], [INF, 0], [[1, 2]])),
        *refused("n", lambda v: F.trajectory([1.0, 2.0], v), NO_COUNTS),
        *refused("point", F.exact_image, (None, 3, [1], [1, 2, 3], [NAN, 0], ["one", 1])),
        *refused("network", lambda v: dg.minibatches(v, 2), (LOSS, None, F)),
        *refused("n_batches", lambda v: dg.minibatches(NET, v), (*NO_COUNTS, 4)),
    ],
    "orbits": [
        *refused("F", dg.fixed_points, NO_MAPS),
        *refused("F", lambda v: dg.periodic_orbits(v, period=2), NO_MAPS),
        *refused("F", lambda v: dg.stability(v, [1, 1]), NO_MAPS),
        *refused("F", dg.skeleton, (*NO_MAPS, OPEN)),
        *refused("region", lambda v: dg.skeleton(F, v), (3, [0, 1], dg.Box([0], [1]), F)),
        *refused("periods", lambda v: dg.skeleton(F, periods=v), (3, None, [], [0], [1.5], "12")),
        *refused("method", lambda v: dg.skeleton(F, method=v), ("exact", dg.Exact)),
        *refused("seconds", lambda v: dg.skeleton(F, seconds=v), NO_SECONDS),
        *refused("starts", lambda v: dg.NewtonSearch(starts=v), NO_GIVEN_STARTS),
        *refused("starts", lambda v: dg.SchmelcherDiakonos(starts=v), (*NO_GIVEN_STARTS, None)),
        *refused("starts", lambda v: dg.DavidchackLai(starts=v), (*NO_GIVEN_STARTS, None)),
        *refused("rounds", lambda v: dg.NewtonSearch(rounds=v), NO_COUNTS),
        *refused("steps", lambda v: dg.NewtonSearch(steps=v), NO_COUNTS),
        *refused("solver", lambda v: dg.NewtonSearch(solver=v), ("direct", 1, dg.LinearSolver)),
        *refused("steps", lambda v: dg.SchmelcherDiakonos(steps=v), NO_COUNTS),
        *refused(
            "strength", lambda v: dg.SchmelcherDiakonos(strength=v), (0, 1, NAN, None, "1", True)
        ),
        *refused("steps", lambda v: dg.DavidchackLai(steps=v), NO_COUNTS),
        *refused("seeds", lambda v: dg.DavidchackLai(seeds=v), NO_COUNTS),
        *refused("damping", lambda v: dg.DavidchackLai(damping=v), (0, INF, NAN, None, "1", True)),
        *refused("region", lambda v: dg.fixed_points(F, v, method=dg.NewtonSearch()), (None,)),
        *refused(
            "modulo",
            lambda v: dg.fixed_points(F, BOX, method=dg.NewtonSearch(modulo=v)),
            (3, "ab", (1,), (0, 1), (INF, 1), (NAN, 1), (True, 1), (1.0, None)),
        ),
        *refused("found", dg.multipliers, (None, 3, F, [1, 2], LOSS)),
        *refused("F", lambda v: dg.normal_form(v, [1, 1]), NO_MAPS),
        *refused("F", lambda v: dg.normal_form(v, [1, 1]), (dg.HeavyBall(LOSS, eta, beta),)),
        *refused(
            "at",
            lambda v: dg.normal_form(dg.GradientDescent(LOSS, eta), v),
            (None, 3, "1, 1", [1], [1, 1, 1], [2, 3], [NAN, 1], [None, 1], BOX, F, [2, "1/2"]),
        ),
        *refused(
            "value",
            lambda v: dg.normal_form(dg.GradientDescent(LOSS, eta), [1, 1], value=v),
            (*(v for v in NO_NUMBERS if v is not None), x),
        ),
        *refused("period", lambda v: dg.normal_form(F, [1, 1], period=v), NO_COUNTS),
        *refused("value", WELL_FLIP.amplitude, (*NO_NUMBERS, x, "0.9")),
        *refused("value", WELL_FLIP.predicted, (*NO_NUMBERS, x, "0.9")),
        *refused("loss", dg.critical_points, NO_LOSSES),
        *refused("region", lambda v: dg.fixed_points(F, v), (3, [0, 1], dg.Box([0], [1]), F)),
        *refused("region", lambda v: dg.periodic_orbits(F, v, period=2), (3, dg.Ball([0], 1))),
        *refused("period", lambda v: dg.periodic_orbits(F, period=v), NO_COUNTS),
        *refused("method", lambda v: dg.fixed_points(F, method=v), ("exact", dg.Exact, FEW)),
        *refused(
            "method", lambda v: dg.periodic_orbits(F, period=2, method=v), ("exact", dg.Exact)
        ),
        *refused("F", lambda v: dg.unstable_manifold(v, [0, 0]), NO_MAPS),
        *refused("orbit", lambda v: dg.unstable_manifold(F, v), (*NO_POINTS, [NAN, 0], {}, "0, 0")),
        *refused(
            "length", lambda v: dg.unstable_manifold(F, [0, 0], length=v), (0, -1, *NO_NUMBERS)
        ),
        *refused("tolerance", lambda v: dg.unstable_manifold(F, [0, 0], tolerance=v), NO_NUMBERS),
        *refused("region", lambda v: dg.unstable_manifold(F, [0, 0], region=v), (3, "all", F)),
        *refused(
            "most_points", lambda v: dg.unstable_manifold(F, [0, 0], most_points=v), NO_COUNTS
        ),
        *refused("F", lambda v: dg.stable_manifold(v, [0, 0], BOX), NO_MAPS),
        *refused("orbit", lambda v: dg.stable_manifold(F, v, BOX), (*NO_POINTS, [INF, 0])),
        *refused("region", lambda v: dg.stable_manifold(F, [0, 0], v), (None, 3, dg.Box([0], [1]))),
        *refused(
            "depth", lambda v: dg.stable_manifold(F, [0, 0], BOX, depth=v), (-1, 0.5, True, 99)
        ),
        *refused("curve", lambda v: dg.crossings(v, v), (None, F, [[0, 1]])),
        *refused("F", lambda v: dg.immediate_basin(v, [0], BOX), NO_MAPS),
        *refused("sink", lambda v: dg.immediate_basin(F, v, BOX), (*NO_POINTS, [0, 0])),
        *refused(
            "region", lambda v: dg.immediate_basin(HALF, [0], v), (None, BOX, dg.Box([1], [2]))
        ),
        *refused(
            "resolution", lambda v: dg.immediate_basin(HALF, [0], LINE, resolution=v), NO_COUNTS
        ),
        *refused("steps", lambda v: dg.immediate_basin(HALF, [0], LINE, steps=v), NO_COUNTS),
        *refused("seconds", lambda v: dg.fixed_points(F, seconds=v), NO_SECONDS),
        *refused("seconds", lambda v: dg.periodic_orbits(F, period=2, seconds=v), NO_SECONDS),
        *refused("seconds", lambda v: dg.critical_points(LOSS, seconds=v), NO_SECONDS),
        *refused("seconds", lambda v: dg.stability(F, [0, 0], seconds=v), NO_SECONDS),
        *refused(
            "orbit",
            lambda v: dg.stability(F, v),
            (None, 3, "1, 1", [1], [1, 1, 1], [2, 3], [NAN, 1], [None, 1], BOX, F),
        ),
        *refused(
            "orbit",
            lambda v: dg.stability(F, v),
            ([2.0, 3.0], [x, 1], [[1, 2], [3, 4]], [[1, 2], [3]], [[]], [[[1, 2]]], np.eye(3)),
        ),
    ],
    "thresholds": [
        *refused("loss", dg.critical_step_size, (*NO_LOSSES, OPEN_LOSS)),
        *refused("loss", dg.weak_critical_step_size, (*NO_LOSSES, OPEN_LOSS)),
        *refused("loss", dg.flattest_minimum, (*NO_LOSSES, OPEN_LOSS)),
        *refused("loss", dg.near_flattest, (*NO_LOSSES, OPEN_LOSS)),
        *refused("radius", lambda v: dg.near_flattest(LOSS, v), (*NO_NUMBERS, 0, -1, x)),
    ],
    "ensembles": [
        *refused("F", lambda v: dg.simulate(v, [[1, 2]]), NO_MAPS),
        *refused(
            "starts", lambda v: dg.simulate(F, v), (*NO_STARTS, BOX, dg.Box([0], [1]).grid(2))
        ),
        *refused("parameter", lambda v: dg.simulate(v, [[1, 2]]), (OPEN,)),
        *refused(
            "budget", lambda v: dg.simulate(F, [[1, 2]], budget=v), (100, None, {}, dg.Budget)
        ),
        *refused("executor", lambda v: dg.simulate(F, [[1, 2]], executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: dg.simulate(F, [[1, 2]], progress=v), (True, "bar")),
        *(
            case
            for name in ("steps", "first_window", "growth_steps", "max_period", "perturbations")
            for case in refused(name, lambda v, n=name: dg.Budget(**{n: v}), NO_COUNTS)
        ),
        *(
            case
            for name in ("tolerance", "capture", "margin", "kernel_tolerance", "recurrence")
            for case in refused(
                name, lambda v, n=name: dg.Budget(**{n: v}), (0, -1, 2, NAN, None, "a", True)
            )
        ),
        *refused("radius", lambda v: dg.Budget(radius=v), (0.5, 0, -1, NAN, INF, None, True)),
        *refused("seed", lambda v: dg.Budget(seed=v), (-1, 1.5, None, "a", True)),
        *refused(
            "lyapunov_steps, lyapunov_batches", lambda v: dg.Budget(lyapunov_batches=v), (1, 10**6)
        ),
        *refused("what", lambda v: dg.simulate(F, [[1, 2]]).count(v), (None, 0, "converged")),
        *refused("F", lambda v: dg.stopping_times(v, [[1, 2]]), NO_MAPS),
        *refused("parameter", lambda v: dg.stopping_times(v, [[1, 2]]), (OPEN,)),
        *refused(
            "starts", lambda v: dg.stopping_times(F, v), ([[1, 2, 3]], dg.Box([0], [1]).grid(2))
        ),
        *refused("starts", lambda v: dg.stopping_times(F, v), (None, "1, 2", [1, 2], BOX)),
        *refused(
            "starts", lambda v: dg.stopping_times(F, v), (dg.starts.drawn(BOX, 10**17, rng=0),)
        ),
        *refused("points", dg.starts.given, (None, "1, 2", [1, 2], [[1, 2], [3]], BOX)),
        *refused("starts", lambda v: dg.simulate(F, v), (dg.starts.grid(dg.Box([0], [1]), 2),)),
        *refused("rule", lambda v: dg.stopping_times(F, [[1, 2]], rule=v), (None, 100, {})),
        *refused("keep", lambda v: dg.stopping_times(F, [[1, 2]], keep=v), (None, "counts", True)),
        *refused(
            "arithmetic",
            lambda v: dg.stopping_times(F, [[1, 2]], arithmetic=v),
            (None, "fused", dg.Arithmetic),
        ),
        *refused("executor", lambda v: dg.stopping_times(F, [[1, 2]], executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: dg.stopping_times(F, [[1, 2]], progress=v), (True, "bar")),
        *refused("reason", lambda v: dg.stopping_times(F, [[1, 2]]).count(v), (None, 0, "still")),
        *refused(
            "keep",
            lambda v: dg.stopping_times(F, [[1, 2]], keep=dg.Keep.COUNTS).where(v),
            (dg.Stop.FAR,),
        ),
        *refused("loss", lambda v: dg.top_eigenvalues(v, [1, 2]), (None, 3, F, OPEN_LOSS)),
        *refused(
            "point", lambda v: dg.top_eigenvalues(LOSS, v), (None, 1, [1], [[1, 2]], [1, NAN])
        ),
        *refused("point", lambda v: dg.top_eigenvalues(LOSS, v), ([1e200, 1e200],)),
        *refused("k", lambda v: dg.top_eigenvalues(LOSS, [1, 2], v), (*NO_COUNTS, 3)),
        *refused("rng", lambda v: dg.top_eigenvalues(LOSS, [1, 2], rng=v), ("0", -1, 0.5)),
        *refused("level", lambda v: dg.top_eigenvalues(LOSS, [1, 2], level=v), (0, 1, 2, "1/2")),
        *refused(
            "tolerance",
            lambda v: dg.top_eigenvalues(LOSS, [1, 2], tolerance=v),
            (0, 1, -1, "1e-8", None, NAN),
        ),
        *refused("products", lambda v: dg.top_eigenvalues(LOSS, [1, 2], products=v), NO_COUNTS),
        *refused("n", dg.data.digits, (0, -1, 1798, 2.5, "3", True)),
        *refused("F", lambda v: dg.progress_along(v, [[1, 2]], 9), (*NO_MAPS, LOGISTIC)),
        *refused("parameter", lambda v: dg.progress_along(v, [[1, 2]], 9), (OPEN,)),
        *refused(
            "starts", lambda v: dg.progress_along(F, v, 9), (None, [1, 2], [[1]], [[NAN, 1]], BOX)
        ),
        *refused("steps", lambda v: dg.progress_along(F, [[1, 2]], v), NO_COUNTS),
        *refused(
            "transient", lambda v: dg.progress_along(F, [[1, 2]], 9, transient=v), (-1, 0.5, None)
        ),
        *refused("F", lambda v: dg.sharpness_along(v, [[1, 2]], 9), (*NO_MAPS, LOGISTIC)),
        *refused("parameter", lambda v: dg.sharpness_along(v, [[1, 2]], 9), (OPEN,)),
        *refused(
            "starts", lambda v: dg.sharpness_along(F, v, 9), (None, [1, 2], [[1]], [[NAN, 1]], BOX)
        ),
        *refused("steps", lambda v: dg.sharpness_along(F, [[1, 2]], v), NO_COUNTS),
        *refused("every", lambda v: dg.sharpness_along(F, [[1, 2]], 9, every=v), (*NO_COUNTS, 10)),
        *refused("loss", lambda v: dg.gradient_flow(v, [1, 2], [0, 1]), (*NO_LOSSES, OPEN_LOSS)),
        *refused(
            "start",
            lambda v: dg.gradient_flow(LOSS, v, [0, 1]),
            (None, "origin", [[1, 2]], [1], [NAN, 1], [1, 2, 3]),
        ),
        *refused(
            "times",
            lambda v: dg.gradient_flow(LOSS, [1, 2], v),
            (None, 1, [0], [0, 0], [1, 0], [0, INF], [[0, 1]]),
        ),
        *refused(
            "integrator",
            lambda v: dg.gradient_flow(LOSS, [1, 2], [0, 1], integrator=v),
            (None, "DOP853", "Radau"),
        ),
        *refused(
            "tolerance",
            lambda v: dg.gradient_flow(LOSS, [1, 2], [0, 1], tolerance=v),
            (None, 0, 1, 1e-14, NAN, "1e-6"),
        ),
        *refused(
            "max_evaluations",
            lambda v: dg.gradient_flow(LOSS, [1, 2], [0, 1], max_evaluations=v),
            NO_COUNTS,
        ),
        *refused("n", lambda v: dg.starts.drawn(BOX, v), NO_COUNTS),
        *refused("n", lambda v: dg.starts.sobol(BOX, v), NO_COUNTS),
        *refused("region", lambda v: dg.starts.drawn(v, 3), (None, F, [[0, 1]])),
        *refused("box", lambda v: dg.starts.sobol(v, 3), (None, dg.Ball([0], 1))),
        *refused("box", lambda v: dg.starts.grid(v, 3), (None, dg.Ball([0], 1))),
        *refused("resolution", lambda v: dg.starts.grid(BOX, v), (None, 0, [3], [2, 2.5], "3")),
        *refused("resolution", lambda v: dg.starts.jittered(BOX, v), (None, 0, [3], [2, 2.5])),
    ],
    "measure": [
        *refused("F", lambda v: scan(v), NO_MAPS),
        *refused("F", lambda v: scan(v), (dg.HeavyBall(LOSS, eta, beta),)),
        *refused("parameter", lambda v: scan(parameter=v), ("alpha", None, eta, 0, "")),
        *refused("parameter", scan, (F,)),
        *refused(
            "values",
            lambda v: scan(values=v),
            (None, 3, "1/2", [], ["1/2"], [1, 1], [2, 1], [NAN, 1], [1, INF], [x, 1], [1, "two"]),
        ),
        *refused("step_size", lambda v: scan(values=v), ([-1, 1], [0, 1])),
        *refused("region", lambda v: scan(region=v), (None, 3, dg.Box([0], [1]), BOX.grid(3))),
        *refused("method", lambda v: scan(method=v), (100, "monte carlo", dg.MonteCarlo)),
        *refused("method, refine", lambda v: scan(refine=v), (dg.Refinement(negligible=1e-3),)),
        *refused("to", lambda v: scan(to=v), (None, "minima", dg.Fate.CONVERGED)),
        *refused("to", lambda v: scan(LOGISTIC, "a", region=LINE, to=v), (dg.Target.MINIMA,)),
        *refused("budget", lambda v: scan(budget=v), (100, {}, dg.Budget)),
        *refused("refine", lambda v: scan(refine=v), (0.1, True, dg.Refinement)),
        *refused("level", lambda v: scan(level=v), (0, 1, 95, "a", NAN)),
        *refused("threshold", lambda v: scan(threshold=v), (1.0, LOSS)),
        *refused("rng", lambda v: scan(rng=v), NO_RNG),
        *refused("executor", lambda v: scan(executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: scan(progress=v), (True, "x")),
        *refused("checkpoint", lambda v: scan(checkpoint=v), (3, b"scan", "")),
        *refused(
            "values", lambda v: dg.transition_points(OPEN, "eta", v, region=BOX), ([1], [2, 1])
        ),
        *refused("width", lambda v: dg.Refinement(width=v), (0, -1, NAN, "wide", x, True)),
        *refused("points", lambda v: dg.Refinement(points=v), (-1, 2.5, None, True, False)),
        *refused("halvings", lambda v: dg.Refinement(halvings=v), (-1, 2.5, None, True, False)),
        *refused("negligible", lambda v: dg.Refinement(negligible=v), (0, 1, -1, NAN, "x", True)),
        *refused(
            "F", lambda v: boundary(v), (*NO_MAPS, len, lambda rows: rows, dg.GradientDescent)
        ),
        *refused("F", lambda v: boundary(lambda rows: np.full(len(rows), v)), (0.5, "a", NAN, 1j)),
        *refused("region", lambda v: boundary(region=v), (None, 3, dg.Box([0], [1]), BOX.grid(3))),
        *refused(
            "region", lambda v: boundary(region=dg.Ball([0, 0], 1), method=v), (BOXES, PIXELS)
        ),
        *refused("method", lambda v: boundary(method=v), (100, "boxes", dg.BoxCounting, FEW)),
        *refused("by", lambda v: boundary(by=v), ("fate", dg.Fate.CONVERGED, dg.Partition.LIMIT)),
        *refused("by", lambda v: boundary(np.ones, by=v), (dg.Partition.FATE,)),
        *refused("budget", lambda v: boundary(budget=v), (100, {}, dg.Budget)),
        *refused("rng", lambda v: boundary(rng=v), NO_RNG),
        *refused("executor", lambda v: boundary(executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: boundary(progress=v), (True, "x")),
        *refused("checkpoint", lambda v: boundary(checkpoint=v), (3, b"scan", "")),
        *refused("scales", lambda v: dg.UncertaintyExponent(scales=v), NO_SCALES),
        *refused("events", lambda v: dg.UncertaintyExponent(events=v), (*NO_COUNTS, 10)),
        *refused("pairs", lambda v: dg.UncertaintyExponent(pairs=v), NO_COUNTS),
        *refused("level", lambda v: dg.UncertaintyExponent(level=v), (0, 1, 95, "a", NAN)),
        *refused("whole", lambda v: dg.BoxCounting(whole=v), NO_COUNTS),
        *refused("whole, finest", lambda v: dg.BoxCounting(whole=v), (1, 14, 15)),
        *refused("finest", lambda v: dg.BoxCounting(finest=v), NO_COUNTS),
        *refused("most", lambda v: dg.BoxCounting(most=v), NO_COUNTS),
        *refused("copies", lambda v: dg.BoxCounting(copies=v), (*NO_COUNTS, 1)),
        *refused("level", lambda v: dg.BoxCounting(level=v), (0, 1, 95, "a", NAN)),
        *refused(
            "resolutions",
            lambda v: dg.ResolutionScaling(resolutions=v),
            (3, "8", (8, 16), (8, 16, 16), (16, 8, 4), (2, 4, 8), (8, 16, 32.5), (8, 16, NAN)),
        ),
        *refused("most", lambda v: dg.ResolutionScaling(most=v), NO_COUNTS),
        *refused("most", lambda v: boundary(method=dg.ResolutionScaling(most=v)), (10,)),
        *refused("copies", lambda v: dg.ResolutionScaling(copies=v), (*NO_COUNTS, 1)),
        *refused("level", lambda v: dg.ResolutionScaling(level=v), (0, 1, 95, "a", NAN)),
        *refused("F", lambda v: dg.basin_entropy(v, BOX), NO_MAPS),
        *refused("region", lambda v: dg.basin_entropy(F, v), (None, 3, dg.Ball([0, 0], 1))),
        *refused("sizes", lambda v: dg.basin_entropy(F, BOX, sizes=v), (*NO_SCALES, ())),
        *refused("boxes", lambda v: dg.basin_entropy(F, BOX, boxes=v), NO_COUNTS),
        *refused("starts_per_box", lambda v: entropy(starts_per_box=v), (*NO_COUNTS, 1)),
        *refused("level", lambda v: entropy(level=v), (0, 1, 95, "a", NAN)),
        *refused("by", lambda v: entropy(by=v), ("fate", dg.Fate.CONVERGED)),
        *refused("budget", lambda v: entropy(budget=v), (100, {}, dg.Budget)),
        *refused("rng", lambda v: entropy(rng=v), NO_RNG),
        *refused("executor", lambda v: entropy(executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: entropy(progress=v), (True, "x")),
        *refused("checkpoint", lambda v: entropy(checkpoint=v), (3, b"scan", "")),
        *refused("certificate", dg.check, (3, None, [], b"file", {}, {"format": 1})),
        *refused("path", dg.check, ("no such file", "/")),
        *refused("executor", lambda v: dg.check({}, executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: dg.check({}, progress=v), (True, "x")),
        *refused("path", dg.Certificate.load, ("no such file", "/")),
        *refused("F", lambda v: dg.convergent_measure(v, BOX), NO_MAPS),
        *refused(
            "region",
            lambda v: dg.convergent_measure(F, v, method=FEW),
            (None, 3, [[0, 1]], BOX.grid(2), dg.Box([0], [1])),
        ),
        *refused("parameter", lambda v: dg.convergent_measure(v, BOX, method=FEW), (OPEN,)),
        *refused(
            "method",
            lambda v: dg.convergent_measure(F, BOX, method=v),
            ("monte carlo", 1000, dg.MonteCarlo, dg.Exact()),
        ),
        *refused(
            "to",
            lambda v: dg.convergent_measure(F, BOX, to=v, method=FEW),
            (None, "minima", dg.Fate.CONVERGED),
        ),
        *refused(
            "to",
            lambda v: dg.convergent_measure(LOGISTIC.at(a=2), dg.Box([0], [1]), to=v, method=FEW),
            (dg.Target.MINIMA,),
        ),
        *refused(
            "budget",
            lambda v: dg.convergent_measure(F, BOX, budget=v, method=FEW),
            (100, dg.Budget),
        ),
        *refused("rng", lambda v: dg.convergent_measure(F, BOX, rng=v, method=FEW), NO_RNG),
        *refused(
            "checkpoint",
            lambda v: dg.convergent_measure(F, BOX, method=FEW, checkpoint=v),
            (3, True, "", b"file", ["file"], "/", "no/such/folder/file"),
        ),
        *refused("what", lambda v: dg.progress_bar(v).__enter__(), (None, 3, ["measuring"], True)),
        *refused(
            "executor",
            lambda v: dg.convergent_measure(F, BOX, executor=v, method=FEW),
            NO_EXECUTORS,
        ),
        *refused(
            "progress", lambda v: dg.convergent_measure(F, BOX, progress=v, method=FEW), (True, "x")
        ),
        *refused("n", lambda v: dg.MonteCarlo(n=v), NO_COUNTS),
        *refused("level", lambda v: dg.MonteCarlo(level=v), (0, 1, -1, 95, NAN, None, True, "a")),
        *refused(
            "half_width",
            lambda v: dg.Adaptive(half_width=v),
            (0, -1, 0.5, 1, NAN, INF, None, True, "thin", [0.1]),
        ),
        *refused("level", lambda v: dg.Adaptive(half_width=0.1, level=v), (0, 1, 95, None, "a")),
        *refused("most", lambda v: dg.Adaptive(half_width=0.1, most=v), NO_COUNTS),
        *refused("n", lambda v: dg.Splitting(n=v), (*NO_COUNTS, 199)),
        *refused("moves", lambda v: dg.Splitting(moves=v), NO_COUNTS),
        *refused("replicates", lambda v: dg.Splitting(replicates=v), (*NO_COUNTS, 1)),
        *refused("share", lambda v: dg.Splitting(share=v), (0, 1, NAN, None, "a", True)),
        *refused("levels", lambda v: dg.Splitting(levels=v), (5, "a", [NAN], [[1]], [None])),
        *refused("level", lambda v: dg.Splitting(level=v), (0, 1, 95, None, "a")),
        *refused("steps", lambda v: dg.Survival(steps=v), (*NO_COUNTS, 2**28 + 1)),
        *refused("radius", lambda v: dg.Survival(steps=5, radius=v), (0, -1, NAN, None, "a")),
        *refused(
            "to",
            lambda v: dg.convergent_measure(F, BOX, method=FEW, to=v),
            (dg.Survival, "survival", None),
        ),
        *refused(
            "to",
            lambda v: dg.convergent_measure(F, BOX, method=dg.Enclosure(seconds=1), to=v),
            (dg.Survival(steps=5),),
        ),
        *refused("seconds", lambda v: dg.Enclosure(seconds=v), (*NO_SECONDS, INF)),
        *refused("width", lambda v: dg.Enclosure(width=v), (0, -1, NAN, INF, "thin", True, [1])),
        *refused("cells", lambda v: dg.Enclosure(cells=v), NO_COUNTS),
        *refused("steps", lambda v: dg.Enclosure(steps=v), NO_COUNTS),
        *refused("apart", lambda v: dg.Enclosure(apart=v), (None, 1, "yes")),
        *refused(
            "region",
            lambda v: dg.convergent_measure(F, v, method=CELLS),
            (dg.Ball([0, 0], 1), dg.Gaussian([0, 0], 1)),
        ),
        *refused(
            "F",
            lambda v: dg.convergent_measure(dg.GradientDescent(v, "1/2"), LINE, method=CELLS),
            (dg.Loss(sp.Abs(x), [x]), dg.Loss(a * x**2, [x])),
        ),
        *refused(
            "to",
            lambda v: dg.convergent_measure(v, BOX, method=CELLS),
            (dg.MinibatchCycle([LOSS, LOSS], "1/2"),),
        ),
        *refused("F", lambda v: dg.basin_theorem(v, LINE), NO_MAPS),
        *refused(
            "region",
            lambda v: dg.basin_theorem(F, v),
            (None, 3, [[0, 1]], BOX.grid(2), LINE, dg.Ball([0, 0], 1)),
        ),
        *refused("to", lambda v: dg.basin_theorem(F, BOX, to=v), (None, "minima", dg.Target)),
        *refused("to", lambda v: dg.basin_theorem(HALF, LINE, to=v), (dg.Target.MINIMA,)),
        *refused("seconds", lambda v: dg.basin_theorem(F, BOX, seconds=v), NO_SECONDS),
        *refused("executor", lambda v: dg.basin_theorem(F, BOX, executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: dg.basin_theorem(F, BOX, progress=v), (True, "x")),
        *refused("checkpoint", lambda v: dg.basin_theorem(F, BOX, checkpoint=v), (3, "", "/")),
        *refused("F", lambda v: dg.known_measure(v, BOX), (*NO_MAPS, OPEN)),
        *refused("region", lambda v: dg.known_measure(F, v), (None, 3, LINE, BOX.grid(3))),
        *refused("to", lambda v: dg.known_measure(F, BOX, to=v), (None, "minima", dg.Target)),
        *refused("n", lambda v: dg.QuasiMonteCarlo(n=v), (*NO_COUNTS, 47)),
        *refused("replicates", lambda v: dg.QuasiMonteCarlo(replicates=v), (*NO_COUNTS, 1, 65)),
        *refused("level", lambda v: dg.QuasiMonteCarlo(level=v), (0, 1, 95, None, "a")),
        *refused("n", lambda v: dg.Stratified(n=v), (*NO_COUNTS, 127)),
        *refused("level", lambda v: dg.Stratified(level=v), (0, 1, 95, None, "a")),
        *refused(
            "pilot", lambda v: dg.Stratified(pilot=v), (0, 0.01, 0.9, 2, NAN, None, True, "a")
        ),
        *refused(
            "region",
            lambda v: dg.convergent_measure(F, v, method=dg.QuasiMonteCarlo(n=100)),
            (dg.Ball([0, 0], 1), dg.Distribution(stats.multivariate_normal([0, 0]))),
        ),
        *refused(
            "region",
            lambda v: dg.convergent_measure(F, v, method=dg.Stratified(n=200)),
            (dg.Ball([0, 0], 1), dg.Distribution(stats.multivariate_normal([0, 0]))),
        ),
        *refused(
            "level", dg.convergent_measure(F, BOX, method=FEW, rng=0).interval, (0, 1, 95, "a")
        ),
        *refused(
            "what", dg.convergent_measure(F, BOX, method=FEW, rng=0).count, (None, 0, "converged")
        ),
    ],
    "transfer operators and basins": [
        *refused("F", lambda v: dg.transfer_operator(v, BOX, 4), NO_MAPS),
        *refused("parameter", lambda v: dg.transfer_operator(v, BOX, 4), (OPEN,)),
        *refused(
            "region",
            lambda v: dg.transfer_operator(F, v, 4),
            (None, 3, [[0, 1]], BOX.grid(2), LINE, dg.Ball([0, 0], 1)),
        ),
        *refused(
            "depth",
            lambda v: dg.transfer_operator(F, BOX, v),
            (None, -1, 2.5, "3", True, NAN, 25, 61),
        ),
        *refused(
            "depth",
            lambda v: dg.transfer_operator(F, v, 4),
            (dg.Cells.all(BOX, 4),),
        ),
        *refused(
            "method",
            lambda v: dg.transfer_operator(F, BOX, 4, method=v),
            ("sampled", dg.SampledCells, FEW, 100),
        ),
        *refused("rng", lambda v: dg.transfer_operator(F, BOX, 4, rng=v), NO_RNG),
        *refused("executor", lambda v: dg.transfer_operator(F, BOX, 4, executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: dg.transfer_operator(F, BOX, 4, progress=v), (True, "x")),
        *refused("points", lambda v: dg.SampledCells(points=v), NO_COUNTS),
        *refused("halvings", lambda v: dg.MonotonePieces(halvings=v), NO_COUNTS),
        *refused(
            "F",
            lambda v: dg.transfer_operator(v, LINE, 4, method=dg.MonotonePieces()),
            (dg.SymbolicMap([sp.sign(x)], [x]), dg.SymbolicMap([sp.Max(x, 0)], [x])),
        ),
        *refused(
            "k",
            lambda v: dg.transfer_operator(HALF, LINE, 4, rng=0).almost_invariant_sets(v),
            (*NO_COUNTS, 1, 99),
        ),
        *refused("k", lambda v: dg.transfer_operator(HALF, LINE, 4, rng=0).spectrum(v), NO_COUNTS),
        *refused("graph", lambda v: dg.basins_of_cells(v), (None, F, BOX, [[0, 1]], "graph")),
    ],
    "cells": [
        *refused("F", lambda v: dg.cell_graph(v, BOX, 4), (*NO_MAPS, OPEN)),
        *refused("box", lambda v: dg.cell_graph(F, v, 4), (None, [0, 1], LINE, dg.Ball([0, 0], 1))),
        *refused("depth", lambda v: dg.cell_graph(F, BOX, v), (*NO_DEPTHS, 25)),
        *refused("cell", lambda v: dg.cell_graph(F, BOX, 2).successors(v), (-1, 4, 1.0, "1", None)),
        *refused("executor", lambda v: dg.cell_graph(F, BOX, 4, executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: dg.cell_graph(F, BOX, 4, progress=v), (3, "bar")),
        *refused("F", lambda v: dg.morse_graph(v, BOX, 4), (*NO_MAPS, OPEN)),
        *refused("box", lambda v: dg.morse_graph(F, v, 4), (None, LINE, dg.Ball([0, 0], 1))),
        *refused("depth", lambda v: dg.morse_graph(F, BOX, v), NO_DEPTHS),
        *refused(
            "start_depth",
            lambda v: dg.morse_graph(F, BOX, 4, start_depth=v),
            (-1, 5, 2.0, "3", True, NAN),
        ),
        *refused(
            "longest_period",
            lambda v: dg.morse_graph(F, BOX, 4, longest_period=v),
            (-1, 2.0, None, "2", True, 65),
        ),
        *refused("executor", lambda v: dg.morse_graph(F, BOX, 4, executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: dg.morse_graph(F, BOX, 4, progress=v), (3, "bar")),
        *refused(
            "number", lambda v: dg.morse_graph(F, BOX, 4).captured(v), (-1, 99, 0.0, "0", None)
        ),
    ],
    "claims": [
        *refused("claim", lambda v: dg.verify(v, F), (None, "non_singular_map", F, dg.claims)),
        *refused("F", lambda v: dg.verify(CLAIM, v), NO_MAPS),
        *refused(
            "region",
            lambda v: dg.verify(CLAIM, F, region=v),
            (3, [0, 1], dg.Box([0], [1]), BOX.grid(2)),
        ),
        *refused("starts", lambda v: dg.verify(CLAIM, F, starts=v), NO_COUNTS),
        *refused("budget", lambda v: dg.verify(CLAIM, F, budget=v), (100, dg.Budget)),
        *refused("rng", lambda v: dg.verify(CLAIM, F, rng=v), NO_RNG),
        *refused("executor", lambda v: dg.verify(CLAIM, F, executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: dg.verify(CLAIM, F, progress=v), (True, "bar")),
        *refused("name", dg.claims.get, (None, 3, "nothing", CLAIM)),
    ],
    "data": [
        *refused(
            "path",
            lambda v: dg.data.read_table(v, target="y"),
            (None, 3, "absent.csv", ".", "", "a\0b"),
        ),
        *refused(
            "target",
            lambda v: dg.data.read_table(iris_file(), target=v),
            (None, 3, "absent", [], ["species", "species"], [3]),
        ),
        *refused(
            "features",
            lambda v: dg.data.read_table(iris_file(), target="species", features=v),
            (3, "absent", [], ["species"], [None]),
        ),
    ],
    "diagrams": [
        *refused("F", lambda v: diagram(v), (*NO_MAPS, OPEN_PLANE)),
        *refused("F", lambda v: plane(v), NO_MAPS),
        *refused("parameter", lambda v: diagram(parameter=v), ("lambda", 3, None, eta)),
        *refused("parameters", lambda v: plane(parameters=v), (None, "eta", ["eta"], [1, 2])),
        *refused("parameters", lambda v: plane(parameters=v), (["eta", "eta"],)),
        *refused("parameter", lambda v: plane(parameters=v), (["eta", "b"],)),
        *refused("values", lambda v: diagram(values=v), (None, 0.5, [], "ab", [NAN], [INF], [eta])),
        *refused("values", lambda v: diagram(values=v), ({1: 2}, [None], [[1, 2]], [True], [1j])),
        *refused("values", lambda v: plane(values=v), (None, 3, [[1, 2]], [[1, 2], [1]], "ab")),
        *refused("values", lambda v: plane(values=v), ([[2, 1], [1, 2]], [[1, 2], [1, NAN]])),
        *refused("step_size", lambda v: diagram(values=[0.5, v]), (0, -1)),
        *refused("region", lambda v: diagram(region=v, starts=3), ("box", 3, [0, 1], LINE)),
        *refused(
            "starts", lambda v: diagram(starts=v), (*NO_GIVEN_STARTS, 20, [[1, 2, 3]], ["ab"])
        ),
        *refused("starts", lambda v: diagram(starts=v, region=BOX), (0, -1, 2.5, None, [[1, 2]])),
        *refused("parameter", lambda v: diagram(starts=[[v, 1]]), (a, x)),
        *refused("starts", lambda v: plane(starts=v), NO_GIVEN_STARTS),
        *refused("observable", lambda v: diagram(observable=v), ("z", 3, a * x, WELL_FLIP)),
        *refused("observable", lambda v: diagram(observable=v), (dg.Loss(x**2 + y, [x, y]),)),
        *refused("points", lambda v: diagram(points=v), NO_COUNTS),
        *refused("transient", lambda v: diagram(transient=v), (-1, 2.5, "3", None, True)),
        *refused("transient", lambda v: plane(transient=v), (-1, 2.5, "3", None, True)),
        *refused("carry", lambda v: diagram(carry=v), (1, None, "yes")),
        *refused("budget", lambda v: diagram(budget=v), (3, "long")),
        *refused("rng", lambda v: diagram(region=BOX, starts=3, rng=v), NO_RNG),
        *refused("executor", lambda v: diagram(executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: diagram(progress=v), (3, "bar")),
        *refused("checkpoint", lambda v: diagram(checkpoint=v), (3, "", b"run")),
        *refused(
            "executor",
            lambda v: dg.bifurcation_columns(LOGISTIC, "a", [2], starts=[[0.1]], executor=v),
            NO_EXECUTORS,
        ),
        *refused("executor", lambda v: plane(executor=v), NO_EXECUTORS),
        *refused("F", lambda v: dg.cobweb(v, 0.5), (*NO_MAPS, F)),
        *refused("parameter", lambda v: dg.cobweb(v, 0.5), (LOGISTIC,)),
        *refused(
            "start", lambda v: dg.cobweb(HALF, v), (None, "a", [], [1, 2], NAN, INF, True, 1j)
        ),
        *refused("n", lambda v: dg.cobweb(HALF, 0.5, v), NO_COUNTS),
        *refused("period", lambda v: dg.cobweb(HALF, 0.5, period=v), NO_COUNTS),
        *refused("region", lambda v: dg.cobweb(HALF, 0.5, region=v), (3, [0, 1], BOX)),
    ],
    "bifurcation curves": [
        *refused("F", lambda v: bifurcations(v), NO_MAPS),
        *refused("orbit", lambda v: bifurcations(orbit=v), (None, [], [[0.0], [0.0]], [NAN, 0, 0])),
        *refused("parameters", lambda v: bifurcations(parameters=v), (None, "ab", (1, 2), ("a",))),
        *refused("to", lambda v: bifurcations(to=v), (None, 1, "ab", ((0, 1),), (1, 2))),
        *refused("start", lambda v: bifurcations(start=v), (None, 2, "ab", (1,), (9, 0), (NAN, 0))),
        *refused("bifurcation", lambda v: bifurcations(bifurcation=v), ("flip", 1, dg.Kind.SINK)),
        *refused("method", lambda v: bifurcations(method=v), (None, "fast", 0.1)),
    ],
    "exponents": [
        *refused("F", lambda v: dg.lyapunov_spectrum(v, [1, 1]), NO_MAPS),
        *refused("parameter", lambda v: dg.lyapunov_spectrum(v, [1, 1]), (OPEN,)),
        *refused("start", lambda v: dg.lyapunov_spectrum(F, v), (*NO_POINTS, [], [[]], [NAN, 0])),
        *refused("exponents", lambda v: dg.lyapunov_spectrum(F, [1, 1], exponents=v), (0, 3, "2")),
        *refused("steps", lambda v: dg.lyapunov_spectrum(F, [1, 1], steps=v), (*NO_COUNTS, 5)),
        *refused("transient", lambda v: dg.lyapunov_spectrum(F, [1, 1], transient=v), (-1, NAN)),
        *refused("batches", lambda v: dg.lyapunov_spectrum(F, [1, 1], batches=v), (*NO_COUNTS, 8)),
        *refused("executor", lambda v: dg.lyapunov_spectrum(F, [1, 1], executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: dg.lyapunov_spectrum(F, [1, 1], progress=v), (3, "bar")),
        *refused("F", lambda v: dg.covariant_directions(v, [1, 1]), NO_MAPS),
        *refused("start", lambda v: dg.covariant_directions(F, v), ([[1, 1], [1, 2]], [9, 9], "a")),
        *refused("exponents", lambda v: dg.covariant_directions(F, [1, 1], exponents=v), (0, 3)),
        *refused("steps", lambda v: dg.covariant_directions(F, [1, 1], steps=v), (0, 10**9)),
        *refused("F", lambda v: dg.restricted(v, [1, 1]), NO_MAPS),
        *refused(
            "basis",
            lambda v: dg.restricted(F, v),
            (None, 3, "xy", [], [1], [1, 2], [1.0, 1], [[1, 1], [2, 2]], [x, 1], [[1, 1], 2]),
        ),
        *refused("offset", lambda v: dg.restricted(F, [1, 1], offset=v), ([1], [0.5, 1], "a")),
        *refused("basis", lambda v: dg.transverse_exponent(F, v), ([1, 2], [[1, 0], [0, 1]])),
        *refused("parameter", lambda v: dg.transverse_exponent(v, [1, 1]), (OPEN,)),
        *refused("start", lambda v: dg.transverse_exponent(F, [1, 1], v), ("a", [[1, 2]], [NAN])),
        *refused(
            "parameter", lambda v: dg.transverse_exponents(OPEN, [1, 1], v, [1, 2]), ("a", "x", 3)
        ),
        *refused(
            "values",
            lambda v: dg.transverse_exponents(OPEN, [1, 1], "eta", v),
            (None, 3, "ab", [1], [2, 1], [1, 1], [1, NAN], [1, "a"], [[1, 2]]),
        ),
        *refused(
            "halvings",
            lambda v: dg.transverse_exponents(OPEN, [1, 1], "eta", [1, 2], halvings=v),
            (-1, 2.5, None),
        ),
        *refused("F", lambda v: dg.invariant_density(v, BOX), NO_MAPS),
        *refused("region", lambda v: dg.invariant_density(F, v), (None, LINE, dg.Ball([0, 0], 1))),
        *refused(
            "coordinates",
            lambda v: dg.invariant_density(F, BOX, coordinates=v),
            (3, "01", [], [0, 0], [2], [-1], [0.5], [True], [0, 1, 2]),
        ),
        *refused("bins", lambda v: dg.invariant_density(F, BOX, bins=v), (*NO_COUNTS, 10**4)),
        *refused("groups", lambda v: dg.invariant_density(F, BOX, groups=v), (*NO_COUNTS, 3)),
        *refused("starts", lambda v: dg.invariant_density(F, BOX, starts=v), NO_COUNTS),
        *refused("rng", lambda v: dg.invariant_density(F, BOX, rng=v), NO_RNG),
        *refused(
            "observable",
            lambda v: dg.birkhoff_average(F, v, [1, 1]),
            (None, 3, "x", "loss", [x], sp.Matrix([x])),
        ),
        *refused("parameter", lambda v: dg.birkhoff_average(F, v, [1, 1]), (a * x, eta)),
        *refused(
            "observable",
            lambda v: dg.birkhoff_average(HALF, v, [1]),
            (dg.LossObservable.LOSS,),
        ),
        *refused("F", lambda v: dg.topological_entropy_bound(v, LINE), (*NO_MAPS, F)),
        *refused(
            "F",
            lambda v: dg.topological_entropy_bound(v, LINE),
            (dg.SymbolicMap([0.5 * x], [x]), dg.SymbolicMap([1 / x], [x])),
        ),
        *refused("region", lambda v: dg.topological_entropy_bound(HALF, v), (None, BOX, 3)),
        *refused(
            "periods",
            lambda v: dg.topological_entropy_bound(HALF, LINE, periods=v),
            (None, 3, "12", [], [0], [1.5]),
        ),
        *refused("periods", lambda v: dg.orbit_growth(HALF, LINE, periods=v), NO_COUNTS),
        *refused("region", lambda v: dg.orbit_growth(HALF, v), (None, BOX, 3)),
    ],
    "branches": [
        *refused("F", lambda v: dg.follow(v, [1, 1], parameter="eta", to=(0.5, 1)), NO_MAPS),
        *refused("orbit", lambda v: dg.follow(OPEN, v, parameter="eta", to=(0.5, 1)), NO_ORBITS),
        *refused("parameter", lambda v: dg.follow(OPEN, [1, 1], parameter=v, to=(0, 1)), (3, F)),
        *refused("to", lambda v: dg.follow(OPEN, [1, 1], parameter="eta", to=v), NO_RANGES),
        *refused("start", lambda v: dg.follow(*ALONG, start=v, **UP), (9, "a", NAN, True)),
        *refused("method", lambda v: dg.follow(*ALONG, method=v, **UP), (None, "Keller", 0.1)),
        *refused("progress", lambda v: dg.follow(*ALONG, progress=v, **UP), (True, "bar")),
        *refused("to", lambda v: list(dg.branch_steps(*ALONG, parameter="eta", to=v)), NO_RANGES),
        *refused("branch", lambda v: dg.switch(v, 0), (None, 3, F, [1, 1])),
        *refused("point", lambda v: dg.switch(branch(), v), (None, 5, "flip", True)),
        *refused("to", lambda v: dg.switch(flipping(), 0, to=v), NO_RANGES[1:]),
        *refused("method", lambda v: dg.switch(flipping(), 0, method=v), (None, "Keller")),
        *(
            case
            for name in ("first", "longest", "shortest", "turn", "far")
            for case in refused(
                name, lambda v, n=name: dg.PseudoArclength(**{n: v}), (0, -1, NAN, None, "a", True)
            )
        ),
        *refused("steps", lambda v: dg.PseudoArclength(steps=v), NO_COUNTS),
        *refused("F", lambda v: dg.cascade(v, [1, 1], "eta", to=(0.5, 1)), NO_MAPS),
        *refused("orbit", lambda v: dg.cascade(OPEN, v, "eta", to=(0.5, 1)), NO_ORBITS),
        *refused("parameter", lambda v: dg.cascade(*ALONG, v, to=(0.5, 1)), (None, 3, F)),
        *refused("to", lambda v: dg.cascade(*ALONG, "eta", to=v), NO_RANGES),
        *refused(
            "doublings", lambda v: dg.cascade(*ALONG, "eta", to=(0.5, 1), doublings=v), NO_COUNTS
        ),
        *refused("start", lambda v: dg.cascade(*ALONG, "eta", to=(0.5, 1), start=v), (9, "a", NAN)),
        *refused("method", lambda v: dg.cascade(*ALONG, "eta", to=(0.5, 1), method=v), (None, "K")),
        *refused(
            "progress", lambda v: dg.cascade(*ALONG, "eta", to=(0.5, 1), progress=v), (3, "b")
        ),
        *refused("to", lambda v: list(dg.cascade_steps(*ALONG, "eta", to=v)), NO_RANGES),
        *refused(
            "coordinate", lambda v: branch().plot(coordinate=v), (-1, 1, "x", 0.5, True, None)
        ),
    ],
    "crises and attractors": [
        *refused("F", lambda v: dg.crises(v, LINE, parameter="a", to=(3, 4)), NO_MAPS),
        *refused("F", lambda v: dg.crises(v, LINE, parameter="eta", to=(1, 2)), (OPEN,)),
        *refused("region", lambda v: crises(region=v), (None, 3, BOX, dg.Ball([0], 1))),
        *refused("parameter", lambda v: crises(parameter=v), (None, 3, LOGISTIC)),
        *refused("to", lambda v: crises(to=v), NO_RANGES),
        *refused("values", lambda v: crises(values=v), (1, *NO_COUNTS)),
        *refused("bands", lambda v: crises(bands=v), NO_COUNTS),
        *refused("budget", lambda v: crises(budget=v), (3, "long", SMALL.steps)),
        *refused("executor", lambda v: crises(executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: crises(progress=v), (True, "bar")),
        *refused("F", lambda v: dg.attractors(v, BOX), (*NO_MAPS, OPEN)),
        *refused("region", lambda v: dg.attractors(F, v), (None, 3, [0, 1], LINE)),
        *refused("n", lambda v: dg.attractors(F, BOX, n=v), NO_COUNTS),
        *refused("level", lambda v: dg.attractors(F, BOX, level=v), (0, 1, 2, NAN, None, "a")),
        *refused("budget", lambda v: dg.attractors(F, BOX, budget=v), (3, "long")),
        *refused("rng", lambda v: dg.attractors(F, BOX, n=4, rng=v), NO_RNG),
        *refused("executor", lambda v: dg.attractors(F, BOX, n=4, executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: dg.attractors(F, BOX, n=4, progress=v), (True, "bar")),
        *refused("k", lambda v: dg.attractors(F, BOX, n=9, rng=0).interval(v), (9, -9, None, "a")),
        *refused("F", lambda v: over(F=v), (*NO_MAPS, OPEN_LOSS)),
        *refused("parameter", lambda v: over(parameter=v), (None, 3, "beta", F)),
        *refused(
            "values", lambda v: over(values=v), (None, 3, "12", [1], [2, 1], [1, 1], [1, NAN])
        ),
        *refused("region", lambda v: over(region=v), (None, 3, LINE)),
        *refused("n", lambda v: over(n=v), NO_COUNTS),
        *refused("level", lambda v: over(level=v), (0, 1, NAN, "a")),
        *refused("reach", lambda v: over(reach=v), (0, -1, NAN, INF, "near", True)),
        *refused("halvings", lambda v: over(halvings=v), (-1, 0.5, None, "2", True)),
        *refused("budget", lambda v: over(budget=v), (3, "long")),
        *refused("rng", lambda v: over(rng=v), NO_RNG),
        *refused("executor", lambda v: over(executor=v), NO_EXECUTORS),
        *refused("progress", lambda v: over(progress=v), (True, "bar")),
        *refused("checkpoint", lambda v: over(checkpoint=v), (3, b"file", True, "")),
        *refused("label", lambda v: over(n=4, rng=0).attractor(v), (9, -1, None, "a")),
    ],
    "certified branches": [
        *refused("branch", dg.certify, (None, 3, F, LOSS, "branch")),
        *refused(
            "part",
            lambda v: dg.certify(branch(), part=v),
            (3, "ab", (1,), (1, 1), (NAN, 1), (0, INF), (x, 1), (2, 3)),
        ),
        *refused("method", lambda v: dg.certify(branch(), method=v), (None, "tubes", dg.Tubes)),
        *refused("progress", lambda v: dg.certify(branch(), progress=v), (True, "bar")),
        *(
            case
            for name in ("shortest", "width", "kinds")
            for case in refused(
                name, lambda v, n=name: dg.Tubes(**{n: v}), (0, -1, 2, NAN, None, "a", True)
            )
        ),
        *refused("attempts", lambda v: dg.Tubes(attempts=v), NO_COUNTS),
        *refused("point", dg.certify_point, (None, 3, F, "flip", (1, 1))),
        *refused("value", lambda v: dg.certify(branch()).orbits_at(v), (None, "a", NAN, INF)),
        *refused(
            "value", lambda v: dg.certify(branch()).segments[0].orbit_at(v), (0.2, 2, NAN, INF)
        ),
    ],
    "plots": [
        *refused("result", plots.draw, (None, 3, F, LOSS, BOX, [1, 2])),
        *refused("result", plots.figure, (None, 3, F, LOSS)),
        *refused(
            "ax", lambda v: plots.draw(F.trajectory([1.0, 2.0], 2), ax=v), (3, "axes", Figure())
        ),
        *refused("figure", lambda v: plots.save(v, "/tmp", "name"), (None, "figure", 3)),
        *refused("name", lambda v: plots.save(Figure(), "/tmp", v), (None, "", "a/b", 3)),
        *refused("folder", lambda v: plots.save(Figure(), v, "name"), (None, 3, "/dev/null/deep")),
    ],
}


def iris_file():
    return os.path.join(os.path.dirname(dg.data.__file__), "iris.csv")


CASES = [
    pytest.param(*case.values, id=f"{floor}-{number}-{case.id}")
    for floor, cases in FLOORS.items()
    for number, case in enumerate(cases)
]


@pytest.mark.parametrize(("argument", "door", "value"), CASES)
def test_is_refused_by_name(argument, door, value):
    with pytest.raises(InvalidInput) as refusal:
        door(value)
    error = refusal.value
    assert error.argument == argument, str(error)
    message = str(error)
    assert message.startswith(f"{argument}: got ")
    assert ", expected " in message
    assert error.expected
    assert "\n" not in message
    assert len(message) < 700


def test_text_is_never_evaluated_as_code(tmp_path):
    trace = tmp_path / "trace"
    code = f"__import__('pathlib').Path({str(trace)!r}).touch() or 1"
    for door in (
        lambda: dg.Loss(code, [x]),
        lambda: dg.Loss([code], [x]),
        lambda: dg.SymbolicMap([code], [x]),
        lambda: dg.parse_loss(code, ["x"]),
        lambda: OPEN.at(eta=code),
        lambda: dg.stability(F, [code, 1]),
        lambda: F.exact_image([code, 1]),
    ):
        with pytest.raises(InvalidInput):
            door()
    assert not trace.exists()


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file")
    with pytest.raises(InvalidInput, match="folder") as refusal:
        plots.save(Figure(), taken, "picture")
    assert str(taken) in str(refusal.value)


def test_a_missing_extra_gives_the_install_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(dg.MissingExtra, match=r'pip install "dynsys_gd\[jax\]"'):
        dg.AutodiffLoss(lambda w: w[0], 1)


@pytest.mark.parametrize("error", [InvalidInput("a", 1, "b", "c"), dg.MissingExtra("a", extra="b")])
def test_refusals_survive_the_way_back_from_another_process(error):
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def give_up(*_):
    raise KeyboardInterrupt


INTERRUPTIBLE = {
    "bifurcation_diagram": lambda **more: diagram(region=BOX, starts=4, rng=0, **more),
    "parameter_plane": lambda **more: plane(**more),
    "attractors": lambda **more: dg.attractors(F, BOX, n=9, budget=SMALL, rng=0, **more),
    "follow_attractors": lambda **more: over(rng=0, **more),
    "crises": lambda **more: crises(**more),
    "simulate": lambda **more: dg.simulate(F, BOX.grid(4), budget=SMALL, **more),
    "stopping_times": lambda **more: dg.stopping_times(F, BOX.grid(4), **more),
    "convergent_measure": lambda **more: dg.convergent_measure(
        F, BOX, method=FEW, budget=SMALL, rng=0, **more
    ),
    "verify": lambda **more: dg.verify(CLAIM, F, budget=SMALL, starts=5, rng=0, **more),
    "cell_graph": lambda **more: dg.cell_graph(F, BOX, 8, **more),
    "morse_graph": lambda **more: dg.morse_graph(F, BOX, 8, **more),
}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("name", INTERRUPTIBLE)
def test_after_ctrl_c_the_same_call_works(name, workers):
    call = INTERRUPTIBLE[name]
    expected = call().to_dict()
    with ThreadPoolExecutor(workers) if workers else nullcontext() as executor:
        with pytest.raises(KeyboardInterrupt):
            call(executor=executor, progress=give_up)
        assert call(executor=executor).to_dict() == expected


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timer on this system")
def test_exact_algebra_gives_up_at_once_and_leaves_nothing_running():
    net = dg.LinearNetwork((2, 2, 1), [[0, 1], [1, 0], [1, 1], [2, 1]], [[1], [0], [1], [2]])
    hard = dg.MinibatchCycle(dg.minibatches(net, 2), "1/5")
    before = signal.signal(signal.SIGALRM, give_up)
    began = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.5)
        with pytest.raises(KeyboardInterrupt):
            dg.fixed_points(hard, seconds=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - began < 10
    found = dg.fixed_points(hard, seconds=0.5)
    assert not found.complete
    assert "stopped after 0.5 s" in found.why
    assert dg.fixed_points(F).complete
