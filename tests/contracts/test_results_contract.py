"""What every result promises: a sentence, few lines, safe HTML, plain data, sources, a picture."""

import importlib
import json
import pickle
import pkgutil
import re
from dataclasses import fields, replace
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest
import sympy as sp
from matplotlib import pyplot
from matplotlib.axes import Axes
from reference.small_certificates import beyond
from sympy.abc import a, b, beta, eta, x, y

import dynsys_gd as dg
from dynsys_gd.evidence import Evidence
from dynsys_gd.results import Result, bibliography

LOSS = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
OPEN = dg.GradientDescent(LOSS, eta)
BELOW, BEYOND = OPEN.at(eta="1/2"), OPEN.at(eta="11/10")
WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
CURVE, RING = dg.Loss(sp.exp(x) - 2 * x, [x]), dg.Loss(sp.exp((x * y - 1) ** 2), [x, y])
BOX = dg.Box([-3, -3], [3, 3])
LOGISTIC = dg.SymbolicMap([a * x * (1 - x)], [x])
HENON = dg.SymbolicMap([1 - a * x**2 + y, b * x], [x, y]).at(a="7/5", b="3/10")
HENON_BOX = dg.Box([-1.43, -0.43], [1.43, 0.43])
DOUBLE = dg.SymbolicMap([x + (x - 1) ** 2 * (x - 2)], [x])
BUDGET = dg.Budget(steps=256)
NET = dg.LinearNetwork((2, 2, 1), [[0, 1], [1, 0], [1, 2]], [[1], [0], [2]])
# Two names that would break a page which did not escape them.
TAGS = dg.Loss((sp.Symbol("<b>") - 1) ** 2 / 2, [sp.Symbol("<b>")])


def chart():
    curve = dg.claims.Curve(label="loss", x=[0, 1, 2], y=[1.0, 0.5, 0.25])
    panel = dg.claims.Panel(x_label="steps", y_label="loss", curves=(curve,), log_y=True)
    evidence = Evidence(grade=dg.Grade.NUMERICAL, reason="double precision")
    return dg.claims.Chart(title="Halving at each step", panels=(panel,), evidence=evidence)


def measured(F, region, to=dg.Target.MINIMA, method=dg.MonteCarlo(n=50)):  # noqa: B008 (frozen)
    return dg.convergent_measure(F, region, to=to, method=method, budget=BUDGET, rng=0)


def verdict(claim, F, region=None):
    return dg.verify(claim, F, region=region, starts=20, budget=BUDGET, rng=0)


def scan():
    seen = verdict(dg.claims.sharp_transition, BEYOND, BOX).observation.results
    return next(r for r in seen if isinstance(r, dg.claims.TransitionScan))


def transition(F=OPEN, parameter="eta", values=("1/2", "9/10", "6/5"), **more):
    arguments = {"region": BOX, "method": dg.MonteCarlo(n=400), "budget": BUDGET, "rng": 0}
    refine = dg.Refinement(points=3, halvings=2)
    return dg.transition(F, parameter, values, **{**arguments, "refine": refine, **more})


def on_cells(F, box, depth=6):
    return dg.transfer_operator(F, box, depth, method=dg.MonotonePieces())


def follow_well(to):
    return dg.follow(dg.GradientDescent(WELL, eta), [1.0], parameter="eta", to=to)


FEW_STEPS = dg.PseudoArclength(steps=50)


MAKERS = {
    "chart": chart,
    "reproduction": lambda: dg.claims.reproduce(
        dg.claims.get_study("step_size_matters").small(), rng=0
    ),
    "hessian spectrum": lambda: dg.top_eigenvalues(NET, [1.0] * 6, 2, rng=0),
    "cell graph": lambda: dg.cell_graph(BELOW, BOX, 8),
    "cell graph on a line": lambda: dg.cell_graph(
        dg.GradientDescent(WELL, "3/2"), dg.Box([-2.4], [2.4]), 7
    ),
    "morse graph": lambda: dg.morse_graph(BELOW, BOX, 10),
    "morse graph on a line": lambda: dg.morse_graph(
        dg.GradientDescent(WELL, "11/10"), dg.Box([-2.4], [2.4]), 9
    ),
    "fixed points": lambda: dg.fixed_points(BELOW, BOX),
    "fixed points, open step size": lambda: dg.fixed_points(OPEN),
    "fixed points, momentum": lambda: dg.fixed_points(dg.HeavyBall(WELL, eta, beta)),
    "fixed points, logistic": lambda: dg.fixed_points(LOGISTIC),
    "fixed points, none known": lambda: dg.fixed_points(
        dg.GradientDescent(dg.Loss(sp.exp(x * y) + x**2, [x, y]), "1/2")
    ),
    "many critical points": lambda: dg.critical_points(dg.catalog.get("styblinski_tang").loss),
    "minima": lambda: dg.critical_points(LOSS).minima(),
    "fixed point": lambda: dg.fixed_points(BELOW).orbits[0],
    "family": lambda: dg.fixed_points(BELOW).families[0],
    "orbits of period two": lambda: dg.periodic_orbits(BEYOND, BOX, period=2),
    "no orbits": lambda: dg.periodic_orbits(
        dg.GradientDescent(dg.Loss(x**2, [x]), "1/3"), period=2
    ),
    "orbits by numbers": lambda: dg.periodic_orbits(
        HENON, BOX, period=4, method=dg.NewtonSearch(starts=60)
    ),
    "fixed point by numbers": lambda: dg.fixed_points(BELOW, BOX, method=dg.NewtonSearch())[0],
    "orbit of period four": lambda: dg.periodic_orbits(LOGISTIC.at(a="7/2"), period=4)[0],
    "unstable curve": lambda: dg.unstable_manifold(HENON, [0.63, 0.19], length=3),
    "unstable curve in space": lambda: dg.unstable_manifold(
        dg.SymbolicMap([2 * x, y / 2, a / 3], [x, y, a]), [0, 0, 0], length=1
    ),
    "stable curve with preimages": lambda: dg.stable_manifold(BELOW, [0, 0], BOX, depth=1),
    "stable curves of a cycle": lambda: dg.stable_manifold(
        HENON, dg.periodic_orbits(HENON, period=2)[0], dg.Box([-2, -2], [2, 2])
    ),
    "homoclinic points": lambda: dg.crossings(
        dg.unstable_manifold(HENON, [0.63, 0.19], length=4),
        dg.stable_manifold(HENON, [0.63, 0.19], dg.Box([-2, -2], [2, 2])),
    ),
    "no crossings": lambda: dg.crossings(
        dg.unstable_manifold(BELOW, [0, 0]), dg.stable_manifold(BELOW, [0, 0], BOX)
    ),
    "immediate basin": lambda: dg.immediate_basin(
        dg.HeavyBall(WELL, "1/10", "1/2"), [1], dg.Box([-2, -2], [2, 2]), resolution=40
    ),
    "immediate basin on a line": lambda: dg.immediate_basin(
        LOGISTIC.at(a="7/2"),
        dg.periodic_orbits(LOGISTIC.at(a="7/2"), period=4)[0],
        dg.Box([-1], [2]),
    ),
    "card, open step size": lambda: dg.stability(OPEN, [2, "1/2"]),
    "card, neutral": lambda: dg.stability(OPEN.at(eta="8/17"), [2, "1/2"]),
    "card, family": lambda: dg.stability(OPEN, dg.fixed_points(OPEN).families[0]),
    "card, saddle of a map": lambda: dg.stability(HENON, dg.fixed_points(HENON)[0]),
    "card, floats": lambda: dg.stability(OPEN.at(eta=0.5), [1.0, 1.0]),
    "card, bounds": lambda: dg.stability(dg.GradientDescent(CURVE, eta), [0.693147]),
    "card, certified": lambda: dg.stability(dg.GradientDescent(CURVE, "1/2"), [0.693147]),
    "card, nothing proved": lambda: dg.stability(
        dg.GradientDescent(RING, "1/4"), [1.41421356, 0.70710678]
    ),
    "card, cycle": lambda: dg.stability(LOGISTIC.at(a=4), [[0.345492], [0.904508]]),
    "skeleton": lambda: dg.skeleton(HENON, HENON_BOX, periods=range(1, 5), method=dg.Krawczyk()),
    "skeleton of the line": lambda: dg.skeleton(LOGISTIC.at(a=4), dg.Box([0], [1]), periods=[1, 2]),
    "skeleton, out of time": lambda: dg.skeleton(HENON, HENON_BOX, periods=[9], seconds=1e-9),
    "multipliers": lambda: dg.multipliers(dg.fixed_points(BELOW, BOX)),
    "multipliers, open step size": lambda: dg.multipliers(dg.fixed_points(OPEN)),
    "cluster": lambda: dg.fixed_points(DOUBLE, dg.Box([-1], [3]), method=dg.Krawczyk()).clusters[0],
    "flip": lambda: dg.normal_form(OPEN, [1, 1]),
    "flip, subcritical": lambda: dg.normal_form(
        dg.GradientDescent(dg.Loss(x**2 / 2 + x**4 / 4, [x]), eta), [0]
    ),
    "flip, no parameter": lambda: dg.normal_form(dg.GradientDescent(WELL, 1), [1.0]),
    "flip, degenerate": lambda: dg.normal_form(dg.GradientDescent(dg.Loss(x**2, [x]), eta), [0]),
    "flip, certified": lambda: dg.normal_form(
        dg.GradientDescent(dg.Loss(sp.cos(x), [x]), eta), [sp.pi]
    ),
    "fold": lambda: dg.normal_form(dg.SymbolicMap([x**2 + a], [x]), ["1/2"]),
    "transcritical": lambda: dg.normal_form(LOGISTIC, [0], value=1),
    "pitchfork": lambda: dg.normal_form(
        dg.GradientDescent(dg.Loss(x**4 / 4 + a * x**2 / 2, [x]), "1/2"), [0], value=0
    ),
    "closed curve": lambda: dg.normal_form(
        dg.SymbolicMap([a * x * (1 - y), x], [x, y]), ["1/2", "1/2"], value=2
    ),
    "elliptic point": lambda: dg.normal_form(dg.HeavyBall(WELL, "3/5", beta), [1], value=1),
    "certificate, accepted": lambda: dg.check(beyond().to_dict()),
    "certificate, refused": lambda: dg.check(replace(beyond(), low=(4,)).to_dict()),
    "threshold": lambda: dg.critical_step_size(LOSS),
    "threshold, infinite": lambda: dg.critical_step_size(dg.Loss(x**4, [x])),
    "threshold, no minimum": lambda: dg.critical_step_size(dg.Loss(x**2 - y**2, [x, y])),
    "threshold, certified": lambda: dg.critical_step_size(NET),
    "threshold, weak": lambda: dg.weak_critical_step_size(NET),
    "threshold, bound": lambda: dg.critical_step_size(
        dg.MLP((2, 2, 1), dg.Activation.TANH, NET.X, NET.Y, dg.DataLoss.SQUARED)
    ),
    "fates on a grid": lambda: dg.simulate(BELOW, BOX.grid(8), budget=BUDGET),
    "fates in one dimension": lambda: dg.simulate(
        dg.GradientDescent(WELL, "1/2"), dg.Box([-3], [3]).grid(20), budget=BUDGET
    ),
    "fates of one start": lambda: dg.simulate(BELOW, [[1, 2]], budget=BUDGET),
    "fates with momentum": lambda: dg.simulate(
        dg.HeavyBall(WELL, "1/2", "1/2"), [[0.3], [5.0]], budget=BUDGET
    ),
    "fates, chaotic": lambda: dg.simulate(HENON, [[0.1, 0.1], [9.0, 9.0]], budget=BUDGET),
    "fates of a network": lambda: dg.simulate(
        dg.GradientDescent(NET, "1/5"), dg.he_normal(NET).sample(5, rng=0), budget=BUDGET
    ),
    "stopping times on a grid": lambda: dg.stopping_times(BELOW, BOX.grid(20)),
    "stopping times": lambda: dg.stopping_times(BELOW, dg.starts.sobol(BOX, 64, rng=0)),
    "stopping times of one start": lambda: dg.stopping_times(BELOW, [[1, 1]]),
    "stopping times, with states": lambda: dg.stopping_times(
        HENON,
        [[0.1, 0.1], [9.0, 9.0]],
        rule=dg.StoppingRule(steps=20, tolerance=None),
        keep=dg.Keep.STATES,
    ),
    "stopping times, counted": lambda: dg.stopping_times(BELOW, BOX.grid(9), keep=dg.Keep.COUNTS),
    "stopping times, none stopped": lambda: dg.stopping_times(
        BELOW, [[1, 2], [2, 1]], rule=dg.StoppingRule(steps=3)
    ),
    "gradient flow": lambda: dg.gradient_flow(LOSS, [2.0, 1.0], [0.0, 0.5, 3.0]),
    "gradient flow, lost": lambda: dg.gradient_flow(
        dg.Loss(-(x**4), [x]), [1.0], [0.0, 0.1, 1.0], integrator=dg.Integrator.RADAU
    ),
    "progress": lambda: dg.progress_along(BEYOND, [[1, 2], [0.9, 1.2]], 300, transient=9),
    "progress, converged": lambda: dg.progress_along(BELOW, [[1, 1]], 20),
    "progress, escaping": lambda: dg.progress_along(BELOW, [[9, 9], [9, 8]], 20),
    "sharpness of a network": lambda: dg.sharpness_along(
        dg.GradientDescent(NET, "1/5"), dg.starts.drawn(dg.he_normal(NET), 20, rng=0), 20
    ),
    "sharpness, escaping": lambda: dg.sharpness_along(BELOW, [[1, 2], [9, 9]], 20, every=2),
    "sharpness, no limit": lambda: dg.sharpness_along(
        dg.MinibatchCycle([LOSS, LOSS], "1/2"), [[9, 9]], 200, every=100
    ),
    "diagram": lambda: dg.bifurcation_diagram(
        OPEN, "eta", [0.9, 1.2, 1.4, 3.0], region=BOX, starts=5, points=8, rng=0
    ),
    "diagram, carried": lambda: dg.bifurcation_diagram(
        LOGISTIC, "a", [3.5, 3.2, 2.5], starts=[[a / 5]], points=4, carry=True, observable=x**2
    ),
    "diagram, nothing stays": lambda: dg.bifurcation_diagram(LOGISTIC, "a", [5], starts=[[0.5]]),
    "plane": lambda: dg.parameter_plane(
        dg.HeavyBall(LOSS, eta, beta), ["eta", "beta"], [[0.5, 1.2, 3], [0, 0.5]], starts=[[1.2, 1]]
    ),
    "plane, two starts": lambda: dg.parameter_plane(
        dg.SymbolicMap([a * x - b * x**3], [x]),
        ["b", "a"],
        [[1, 2], [1, 2, 3]],
        region=dg.Box([-1], [1]),
        starts=2,
        rng=0,
    ),
    "cobweb of period two": lambda: dg.cobweb(
        LOGISTIC.at(a="7/2"), 0.1, 30, period=2, region=dg.Box([0], [1])
    ),
    "cobweb, escaping": lambda: dg.cobweb(LOGISTIC.at(a=5), 0.5, 30, region=dg.Box([0], [1])),
    "curve of flips": lambda: dg.follow_bifurcation(
        dg.HeavyBall(WELL, eta, beta), [1], start=(1, 0), to=((0, 4), (0, 1))
    ),
    "curve with resonances": lambda: dg.follow_bifurcation(
        dg.HeavyBall(WELL, eta, beta), [1], start=("1/2", 1), to=((0, 4), (0, 1))
    ),
    "point of codimension two": lambda: made("curve with resonances").special[1],
    "attractors": lambda: dg.attractors(BELOW, BOX, n=60, rng=0, budget=dg.Budget(steps=1024)),
    "attractors, chaotic": lambda: dg.attractors(
        HENON, dg.Box([-1, -1], [1, 1]), n=20, rng=0, budget=dg.Budget(steps=1024)
    ),
    "attractors, none": lambda: dg.attractors(BELOW, dg.Box([8, 8], [9, 9]), n=20, rng=0),
    "attractors over a range": lambda: dg.follow_attractors(
        dg.GradientDescent(WELL, eta),
        "eta",
        [0.9, 1.1, 1.7, 2.5],
        region=dg.Box([-1], [1]),
        n=20,
        rng=0,
        budget=dg.Budget(steps=1024),
    ),
    "crises of a line": lambda: dg.crises(
        LOGISTIC, dg.Box([-1], [2]), parameter="a", to=(3.99, 4.01), values=3
    ),
    "blow-up": lambda: dg.crises(
        LOGISTIC, dg.Box([-1], [2]), parameter="a", to=(3.99, 4.01), values=3
    )[0],
    "no crises": lambda: dg.crises(LOGISTIC, dg.Box([-1], [2]), parameter="a", to=(2, 3), values=3),
    "branch": lambda: follow_well((0.5, 1.25)),
    "branch that doubles": lambda: dg.switch(follow_well((0.5, 1.25)), 0),
    "branch on a family": lambda: dg.follow(OPEN, [1, 1], parameter="eta", to=(0.5, 1.5)),
    "branch, the family itself": lambda: dg.follow(BELOW, [1, 1], method=FEW_STEPS),
    "special point, flip": lambda: follow_well((0.5, 1.25)).special[0],
    "special point, fork": lambda: dg.follow(
        dg.SymbolicMap([a * x - x**3], [x]), [0.0], parameter="a", to=(0.5, 1.5)
    ).special[0],
    "special point, pair": lambda: dg.follow(
        dg.SymbolicMap([a * x * (1 - y), x], [x, y]), [0.4, 0.4], parameter="a", to=(1.5, 2.5)
    ).special[0],
    "cascade": lambda: dg.cascade(LOGISTIC, [0.6], "a", to=(2.5, 4), doublings=5),
    "cascade, one doubling": lambda: dg.cascade(OPEN, [1, 1], "eta", to=(0.5, 1.1)),
    "cascade, none": lambda: dg.cascade(OPEN, [1, 1], "eta", to=(0.5, 0.9)),
    "certified branch": lambda: dg.certify(follow_well((0.5, 1.25))),
    "certified branch of a fork": lambda: dg.certify(
        dg.follow(dg.SymbolicMap([a * x - x**3], [x]), [0.0], parameter="a", to=(0.5, 1.5))
    ),
    "certified branch, nothing proved": lambda: dg.certify(
        replace(follow_well((0.5, 1.25)), map=dg.GradientDescent(CURVE, eta), special=())
    ),
    "certified flip": lambda: dg.certify_point(follow_well((0.5, 1.25)).special[0]),
    "certified fold": lambda: dg.certify_point(
        dg.follow(
            LOGISTIC, [[0.16], [0.515], [0.956]], parameter="a", to=(3.7, 3.85), start=3.829
        ).special[0]
    ),
    "trajectory": lambda: BELOW.trajectory([1.0, 2.0], 10),
    "trajectory that escapes": lambda: BELOW.trajectory([9.0, 9.0], 20),
    "cobweb": lambda: LOGISTIC.at(a=4).trajectory([0.3], 20),
    "transition of a law": transition,
    "transition without theory": lambda: transition(
        LOGISTIC, "a", [2, 4], region=dg.Box([0], [1]), to=dg.Target.FIXED_POINTS
    ),
    "transition beyond the values": lambda: transition(values=["1/2", "3/5"]),
    "estimate": lambda: measured(BELOW, BOX),
    "estimate, none": lambda: measured(BEYOND, BOX),
    "estimate, adaptive": lambda: measured(BELOW, BOX, method=dg.Adaptive(half_width=0.2)),
    "estimate, quasi-Monte Carlo": lambda: measured(BELOW, BOX, method=dg.QuasiMonteCarlo(n=128)),
    "estimate, stratified": lambda: measured(BELOW, BOX, method=dg.Stratified(n=200)),
    "estimate, stratified, none": lambda: measured(BEYOND, BOX, method=dg.Stratified(n=200)),
    "estimate, splitting": lambda: measured(
        BEYOND, BOX, dg.Survival(steps=20), dg.Splitting(n=200, moves=2, replicates=2)
    ),
    "estimate, enclosure": lambda: measured(BELOW, BOX, method=dg.Enclosure(width=0.9)),
    "estimate, enclosure on a line": lambda: measured(
        dg.GradientDescent(WELL, "1/2"), dg.Box([-3], [3]), method=dg.Enclosure(width=0.01)
    ),
    "estimate, enclosure by a theorem": lambda: measured(BEYOND, BOX, method=dg.Enclosure()),
    "basin theorem": lambda: dg.basin_theorem(BELOW, dg.Box([-1, -1], [1, 1]), seconds=60),
    "basin theorem on a line": lambda: dg.basin_theorem(
        dg.GradientDescent(WELL, "1/2"), dg.Box([-3], [3]), seconds=0.3
    ),
    "basin theorem, nothing proved": lambda: dg.basin_theorem(
        BEYOND, dg.Box([1, 1], [2, 2]), seconds=0.2
    ),
    "known measure": lambda: dg.known_measure(BELOW, BOX),
    "known measure, none": lambda: dg.known_measure(BEYOND, BOX),
    "estimate, Gaussian": lambda: measured(BELOW, dg.Gaussian([0, 0], 1)),
    "estimate, no loss": lambda: measured(
        LOGISTIC.at(a=2), dg.Box([0], [1]), dg.Target.FIXED_POINTS
    ),
    "boundary": lambda: dg.boundary_dimension(
        BELOW, BOX, method=dg.UncertaintyExponent(events=50, pairs=2**13), budget=BUDGET, rng=0
    ),
    "boundary, boxes": lambda: dg.boundary_dimension(
        BELOW, BOX, method=dg.BoxCounting(copies=2, most=2**13), budget=BUDGET, rng=0
    ),
    "boundary, pixels": lambda: dg.boundary_dimension(
        BELOW, BOX, method=dg.ResolutionScaling(copies=2, most=2**16), budget=BUDGET, rng=0
    ),
    "boundary, none": lambda: dg.boundary_dimension(
        BEYOND, dg.Box([9, 9], [10, 10]), method=dg.UncertaintyExponent(pairs=2**9), rng=0
    ),
    "basin entropy": lambda: dg.basin_entropy(BELOW, BOX, boxes=200, budget=BUDGET, rng=0),
    "basin entropy, none": lambda: dg.basin_entropy(
        BEYOND, dg.Box([9, 9], [10, 10]), sizes=(0.1,), boxes=20, rng=0
    ),
    "verdict, verified": lambda: verdict(dg.claims.linear_network_impossibility, BEYOND, BOX),
    "verdict, silent": lambda: verdict(dg.claims.no_stable_minimum, HENON),
    "verdict, inconclusive": lambda: verdict(dg.claims.no_stable_minimum, OPEN),
    "transition": scan,
    "Lyapunov spectrum": lambda: dg.lyapunov_spectrum(HENON, [0.1, 0.1], steps=2_000),
    "Lyapunov spectra": lambda: dg.lyapunov_spectrum(
        HENON, [[0.1, 0.1], [9, 9], [0.2, 0.1]], steps=2_000
    ),
    "Lyapunov spectra, all escaped": lambda: dg.lyapunov_spectrum(
        HENON, [[9, 9], [8, 8]], steps=2_000
    ),
    "Lyapunov spectrum of a cycle": lambda: dg.lyapunov_spectrum(
        LOGISTIC.at(a=2), [0.3], steps=2_000
    ),
    "covariant directions": lambda: dg.covariant_directions(HENON, [0.1, 0.1], steps=200),
    "transverse exponent": lambda: dg.transverse_exponent(OPEN.at(eta="8/5"), [1, 1], steps=1_000),
    "transverse exponent, superstable": lambda: dg.transverse_exponent(
        dg.SymbolicMap([x / 2, 0 * y], [x, y]), [1, 0], [[1.0]], steps=1_000
    ),
    "transverse exponent, escaped": lambda: dg.transverse_exponent(
        BEYOND, [1, 1], [[9.0]], steps=1_000
    ),
    "transverse exponents": lambda: dg.transverse_exponents(
        dg.SymbolicMap([4 * x * (1 - x), a * x * y], [x, y]), [1, 0], "a", [2, 8], steps=1_000
    ),
    "transverse exponents, no crossing": lambda: dg.transverse_exponents(
        OPEN, [1, 1], "eta", ["6/5", "8/5", 3], steps=1_000
    ),
    "density": lambda: dg.invariant_density(LOGISTIC.at(a=4), dg.Box([0], [1]), bins=20, rng=0),
    "density in the plane": lambda: dg.invariant_density(HENON, HENON_BOX, bins=20, rng=0),
    "density, none": lambda: dg.invariant_density(
        HENON, dg.Box([8, 8], [9, 9]), bins=5, starts=16, rng=0
    ),
    "average": lambda: dg.birkhoff_average(LOGISTIC.at(a=4), x**2, [0.3], steps=2_000),
    "averages": lambda: dg.birkhoff_average(
        BEYOND, dg.LossObservable.LOSS, [[0.9, 1], [9, 9]], steps=2_000
    ),
    "average, escaped": lambda: dg.birkhoff_average(BEYOND, x, [9, 9], steps=2_000),
    "entropy bound": lambda: dg.topological_entropy_bound(
        LOGISTIC.at(a=4), dg.Box([0], [1]), periods=[1]
    ),
    "entropy bound, nothing": lambda: dg.topological_entropy_bound(
        LOGISTIC.at(a=2), dg.Box([5], [6]), periods=[3]
    ),
    "orbit growth": lambda: dg.orbit_growth(LOGISTIC.at(a=4), dg.Box([0], [1]), periods=3),
    "orbit growth, nothing complete": lambda: dg.orbit_growth(
        HENON, HENON_BOX, periods=1, seconds=1e-9
    ),
    "transfer operator": lambda: dg.transfer_operator(BELOW, BOX, 6, rng=0),
    "transfer operator on a line": lambda: on_cells(LOGISTIC.at(a=4), dg.Box([0], [1])),
    "densities": lambda: dg.transfer_operator(BELOW, BOX, 8, rng=0).invariant_density(),
    "density on cells of a line": lambda: on_cells(
        LOGISTIC.at(a=4), dg.Box([0], [1])
    ).invariant_density(),
    "density on cells, none": lambda: on_cells(
        LOGISTIC.at(a=5), dg.Box([0], [1])
    ).invariant_density(),
    "escape rate": lambda: dg.transfer_operator(OPEN.at(eta="5/2"), BOX, 8, rng=0).escape_rate(),
    "escape rate on a line": lambda: on_cells(LOGISTIC.at(a=5), dg.Box([0], [1])).escape_rate(),
    "escape rate, never left": lambda: on_cells(LOGISTIC.at(a=2), dg.Box([0], [1])).escape_rate(),
    "escape rate, all gone": lambda: on_cells(
        dg.SymbolicMap([x + 1], [x]), dg.Box([0], [3])
    ).escape_rate(),
    "almost-invariant sets": lambda: dg.transfer_operator(
        OPEN.at(eta="8/5"), dg.Box([-2, -2], [2, 2]), 10, rng=0
    ).almost_invariant_sets(3),
    "almost-invariant sets on a line": lambda: on_cells(
        dg.GradientDescent(WELL, "8/5"), dg.Box([-2], [2])
    ).almost_invariant_sets(),
    "transfer spectrum": lambda: on_cells(LOGISTIC.at(a=4), dg.Box([0], [1])).spectrum(),
    "transfer spectrum of one cell": lambda: on_cells(
        LOGISTIC.at(a=4), dg.Box([0], [1]), 0
    ).spectrum(),
    "basins of cells": lambda: dg.basins_of_cells(dg.cell_graph(BELOW, BOX, 8)),
    "basins of cells on a line": lambda: dg.basins_of_cells(
        dg.cell_graph(dg.GradientDescent(WELL, "1/2"), dg.Box([-2], [2]), 8)
    ),
    "basins of Morse sets": lambda: dg.basins_of_cells(
        dg.morse_graph(dg.GradientDescent(WELL, "11/10"), dg.Box([-2], [2]), 9)
    ),
    "escaped text": lambda: dg.fixed_points(dg.GradientDescent(TAGS, "1/2")),
    "escaped card": lambda: dg.stability(dg.GradientDescent(TAGS, "1/2"), [1]),
    "escaped flip": lambda: dg.normal_form(dg.GradientDescent(TAGS, eta), [1]),
    "escaped fates": lambda: dg.simulate(dg.GradientDescent(TAGS, "1/2"), [[3.0]]),
    "escaped verdict": lambda: verdict(dg.claims.non_singular_map, dg.GradientDescent(TAGS, "1/2")),
}


@cache
def made(name):
    return MAKERS[name]()


@pytest.fixture(params=MAKERS)
def result(request):
    return made(request.param)


class Page(HTMLParser):
    """Counts the elements of a page and collects its text."""

    VOID = frozenset({"br"})

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def subclasses(kind):
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_kind_of_result_is_looked_at():
    for module in pkgutil.walk_packages(dg.__path__, "dynsys_gd."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = {k.__name__ for k in subclasses(Result) if k.__module__.startswith("dynsys_gd.")}
    assert {type(made(name)).__name__ for name in MAKERS} == ours


def test_says_how_it_is_known(result):
    assert isinstance(result.evidence, Evidence)
    assert isinstance(result.evidence.grade, dg.Grade)
    assert len(result.evidence.reason) > 10


def test_first_line_is_a_short_sentence(result):
    first = repr(result).splitlines()[0]
    assert first == result.headline()
    assert len(first.split()) >= 3
    assert "object at 0x" not in repr(result)
    assert len(first) <= 250


def test_text_fits_a_screen(result):
    lines = repr(result).splitlines()
    assert len(lines) <= 12
    assert all(line == line.rstrip() for line in lines)
    assert all(label and text for label, text in result.rows())


def test_html_is_well_formed_and_escaped(result):
    page = Page()
    page.feed(result._repr_html_())
    page.close()
    assert page.open == []
    assert page.seen <= {"p", "b", "br", "table", "tr", "th", "td", "ul", "li", "span"}
    assert len("".join(page.text)) > 20


@pytest.mark.parametrize("name", [name for name in MAKERS if name.startswith("escaped")])
def test_a_name_cannot_become_markup(name):
    html = made(name)._repr_html_()
    assert "&lt;b&gt;" in html
    assert len(re.findall("<b[ >]", html)) == html.count("</b>")


def test_formula_has_balanced_braces(result):
    latex = result._repr_latex_()
    if latex is not None:
        assert latex[0] == latex[-1] == "$"
        assert latex.count("{") == latex.count("}")
        assert latex.count(r"\left") == latex.count(r"\right")
        assert "step_{size}" not in latex


def test_plain_data_is_strict_json(result):
    data = result.to_dict()
    text = json.dumps(data, allow_nan=False)
    assert json.loads(text) == json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert {"type", "summary", "grade", "reason"} <= set(data)
    assert data["type"] == type(result).__name__
    assert data["grade"] in {grade.value for grade in dg.Grade}
    assert "object at 0x" not in text


def test_cites_what_is_in_the_bibliography(result):
    assert set(result.sources()) <= set(bibliography())
    assert result.cite().count("\n\n@") == max(len(result.sources()) - 1, 0)


def test_arrays_cannot_be_written_to(result):
    assert writeable_arrays(result) == []


def writeable_arrays(result):
    values = {field.name: getattr(result, field.name) for field in fields(result)}
    return [
        name
        for name, value in values.items()
        if isinstance(value, np.ndarray) and value.size and value.flags.writeable
    ]


def test_fields_cannot_be_replaced(result):
    with pytest.raises(AttributeError):
        result.evidence = None


def test_has_a_picture(result):
    try:
        ax = result.plot()
        assert isinstance(ax, Axes)
        assert ax.figure.axes
        ax.figure.canvas.draw()
    finally:
        pyplot.close("all")


def test_survives_the_way_to_another_process(result):
    copy = pickle.loads(pickle.dumps(result))
    assert repr(copy) == repr(result)
    assert copy.to_dict() == result.to_dict()
    assert writeable_arrays(copy) == []


def test_wording_is_the_same_everywhere(result):
    text = repr(result) + result._repr_html_()
    # "multiplier", "step size", "critical step size" are the words of the package.
    for other in ("learning rate", "stepsize", "step-size", "Floquet", "None"):
        assert not re.search(re.escape(other), text), other
