"""Draws the pictures of the README and the docs; run it from the root of the repository."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle
from sympy import Rational
from sympy.abc import a, beta, eta, x, y

import dynsys_gd as dg

HERE = Path(__file__).parent


def fates() -> None:
    """Draw the fates of 160 000 starts below and above the critical step size."""
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=eta)
    grid = dg.Box([-3, -3], [3, 3]).grid(400)
    figure, axes = pyplot.subplots(1, 2, figsize=(12, 4.1), layout="constrained")
    for ax, value in zip(axes, ("1/2", "11/10"), strict=True):
        dg.simulate(F.at(eta=value), grid).plot(ax)
    figure.savefig(HERE / "fates.png", dpi=110)


def orbits() -> None:
    """Draw cycles over basins, the skeleton of Hénon's attractor, and its multipliers."""
    loss = dg.catalog.get("himmelblau").loss
    F = dg.GradientDescent(loss, step_size="1/50")
    box = dg.Box([-6, -6], [6, 6])
    figure, axes = pyplot.subplots(1, 2, figsize=(13, 5.2), layout="constrained")
    dg.simulate(F, box.grid(400)).plot(axes[0])
    dg.periodic_orbits(F, box, period=2, method=dg.Krawczyk()).plot(axes[0])
    henon, plane = dg.textbook.henon(), dg.textbook.henon_box()
    dg.skeleton(henon, plane, periods=range(1, 13), method=dg.Krawczyk()).plot(axes[1])
    figure.savefig(HERE / "orbits.png", dpi=80)


def transition() -> None:
    """Draw how the convergent share vanishes at the critical step size."""
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=eta)
    values = ["1/5", "2/5", "3/5", "4/5", "9/10", "11/10", "6/5", "3/2", "2"]
    scan = dg.transition(F, "eta", values, region=dg.Box([-3, -3], [3, 3]), rng=0)
    scan.plot().figure.savefig(HERE / "transition.png", dpi=80)


def boundary() -> None:
    """Draw how the share of uncertain pairs falls with their distance at a fractal boundary."""
    loss = dg.Loss((x * y - Rational(1, 2)) ** 2 / 2 + (x**2 + y**2) / 10, [x, y])
    F = dg.GradientDescent(loss, 1)
    found = dg.boundary_dimension(F, dg.Box([-4, -4], [4, 4]), rng=0)
    found.plot().figure.savefig(HERE / "boundary.png", dpi=80)


def cells() -> None:
    """Draw a Morse graph on a line, and one in the plane with a family of minima."""
    well = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), step_size="11/10")
    line = dg.morse_graph(well, dg.Box([-2.4], [2.4]), 14)
    line.plot().figure.savefig(HERE / "cells.png", dpi=90)
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), step_size="1/2")
    plane = dg.morse_graph(F, dg.Box([-3, -3], [3, 3]), 16)
    plane.plot().figure.savefig(HERE / "family.png", dpi=90)


def diagrams() -> None:
    """Draw the cascade of the double well, and the periods of heavy ball in a plane."""
    well = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), step_size=eta)
    values, box = np.linspace(0.9, 2.1, 1000), dg.Box([-1.2], [1.2])
    found = dg.bifurcation_diagram(well, "eta", values, region=box, starts=10, points=150, rng=0)
    found.plot().figure.savefig(HERE / "diagram.png", dpi=80)
    ball = dg.HeavyBall(dg.Loss(x**2 / 2 - x**3 / 3, [x]), eta, beta)
    axes = [np.linspace(1.6, 3.6, 500), np.linspace(0, 0.7, 400)]
    plane = dg.parameter_plane(ball, ["eta", "beta"], axes, starts=[[0.02]])
    plane.plot().figure.savefig(HERE / "plane.png", dpi=80)


def certified_branches() -> None:
    """Draw the proved 2-cycle of the double well, and a proved branch through a fold."""
    well = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), step_size=eta)
    minimum = dg.follow(well, [1.0], parameter="eta", to=(0.5, 1.25))
    cycle = dg.certify(dg.switch(minimum, 0))
    cycle.plot().figure.savefig(HERE / "certified_cycle.png", dpi=80)
    logistic = dg.SymbolicMap([a * x * (1 - x)], [x])
    start = [[0.16], [0.515], [0.956]]
    born = dg.follow(logistic, start, parameter="a", to=(3.7, 3.86), start=3.829)
    dg.certify(born).plot().figure.savefig(HERE / "certified_fold.png", dpi=80)


def branches() -> None:
    """Draw the branches of the double well up to period 8, and its cascade."""
    well = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), step_size=eta)
    branch = dg.follow(well, [1.0], parameter="eta", to=(0.8, 1.35))
    ax = branch.plot()
    for _ in range(3):
        branch = dg.switch(branch, 0)
        branch.plot(ax=ax)
    ax.figure.savefig(HERE / "branches.png", dpi=80)
    found = dg.cascade(well, [1.0], "eta", to=(0.5, 1.5))
    found.plot().figure.savefig(HERE / "cascade.png", dpi=80)


def two_parameters() -> None:
    """Draw flip curves and resonances of the cubic loss in the plane of step size and momentum."""
    F = dg.HeavyBall(dg.Loss(x**2 / 2 - x**3 / 3, [x]), eta, beta)
    plane = ((0, 5), (-0.5, 1))
    branch = dg.follow(F.at(beta=0), [0], parameter="eta", to=(1.5, 2.6))
    cycle = dg.switch(branch, 0)
    second = next(p for p in cycle.special if p.bifurcation is dg.Bifurcation.FLIP)
    ax = dg.follow_bifurcation(F, [0], start=(2, 0), to=plane).plot()
    dg.follow_bifurcation(F, [0], start=(1, 1), to=plane).plot(ax=ax)
    dg.follow_bifurcation(F, second, to=plane).plot(ax=ax)
    ax.figure.savefig(HERE / "two_parameters.png", dpi=80)


def engine() -> None:
    """Draw how an expression becomes machine code, and one round of the driver."""
    figure, (left, middle, right) = pyplot.subplots(
        1, 3, figsize=(12.5, 4.3), layout="constrained", width_ratios=(1.15, 0.9, 1.25)
    )
    for ax in (left, middle, right):
        ax.set_axis_off()
        ax.set_aspect("equal", anchor="N")  # titles on one line
    _printers(left)
    _tile(middle)
    _round(right)
    figure.savefig(HERE / "engine.png", dpi=110)


def _printers(ax: Axes) -> None:
    ax.set_title("one form, three printers")
    ax.set_xlim(0, 10)
    ax.set_ylim(0, 9)
    _box(ax, 0.2, 7.4, 3.7, 1.2, "(xy − 1)² / 2", "#FFFFFF")
    _box(ax, 5.6, 7.4, 4.2, 1.2, "stable rewriting,\nderivatives", "#FFFFFF")
    _box(ax, 1.6, 3.4, 6.8, 2.7, "", "#E8EEF4")
    ax.text(1.9, 5.6, "tape", weight="bold", va="center")
    for k, line in enumerate(("r = x·y − 1", "c = η·r", "x′ = x − c·y,   y′ = y − c·x")):
        ax.text(2.2, 5.05 - 0.62 * k, line, family="monospace", fontsize=9, va="center")
    for place, name, colour in ((0.1, "numpy", "#FFFFFF"), (3.5, "lanes", "#9DB8CF"),
                                (6.9, "intervals", "#D9D9D9")):  # fmt: skip
        _box(ax, place, 0.3, 3.0, 1.3, name, colour)
        _arrow(ax, (5.0, 3.4), (place + 1.5, 1.65))
    _arrow(ax, (3.9, 8.0), (5.6, 8.0))
    _arrow(ax, (7.7, 7.4), (6.6, 6.15))


def _tile(ax: Axes) -> None:
    ax.set_title("a tile: lanes side by side")
    ax.set_xlim(-1, 9)
    ax.set_ylim(0, 9)
    for row, name in enumerate(("x", "y")):
        for lane in range(8):
            shade = "#9DB8CF" if row == 0 else "#D9D9D9"
            ax.add_patch(Rectangle((lane, 6.2 - 1.6 * row), 1, 1.1, facecolor=shade,
                                   edgecolor="#1A1A1A"))  # fmt: skip
            ax.text(lane + 0.5, 6.75 - 1.6 * row, f"${name}_{lane + 1}$", ha="center", va="center")
    ax.annotate("", (0.5, 4.3), (0.5, 3.1), arrowprops={"arrowstyle": "<-", "color": "#1A1A1A"})
    ax.text(0, 2.5, "one lane is one trajectory", fontsize=9)
    ax.text(0, 1.6, "one instruction moves them all;", fontsize=9)
    ax.text(0, 0.9, "each computes the same bits", fontsize=9)
    ax.text(0, 0.2, "whatever lane it is in", fontsize=9)
    ax.text(4, 7.7, "trajectories 1 to 8", ha="center", fontsize=9)


def _round(ax: Axes) -> None:
    ax.set_title("a round: block, test, pack, replay")
    ax.set_xlim(-0.2, 12.4)
    ax.set_ylim(0, 9)
    stopped = {1, 4, 5}
    for lane in range(8):
        colour = "#C9733B" if lane in stopped else "#9DB8CF"
        hatch = "////" if lane in stopped else ""
        ax.add_patch(Rectangle((lane, 7.2), 1, 0.9, facecolor="#9DB8CF", edgecolor="#1A1A1A"))
        ax.add_patch(Rectangle((lane, 4.6), 1, 0.9, facecolor=colour, hatch=hatch,
                               edgecolor="#1A1A1A"))  # fmt: skip
        _arrow(ax, (lane + 0.5, 7.1), (lane + 0.5, 5.6))
    ax.text(8.4, 6.4, "a block of\nsteps, no tests", va="center", fontsize=9)
    ax.text(8.4, 5.0, "then two tests:\nstill? far?", va="center", fontsize=9)
    for place in range(5):
        ax.add_patch(Rectangle((place, 2.2), 1, 0.9, facecolor="#9DB8CF", edgecolor="#1A1A1A"))
    for place in range(3):
        ax.add_patch(Rectangle((8.4 + place, 2.2), 1, 0.9, facecolor="#C9733B", hatch="////",
                               edgecolor="#1A1A1A"))  # fmt: skip
    _arrow(ax, (2.5, 4.5), (2.5, 3.2))
    _arrow(ax, (5.2, 4.5), (9.6, 3.2))
    ax.text(0, 1.5, "the others move together", fontsize=9, va="center")
    ax.text(0, 0.8, "and go on", fontsize=9, va="center")
    ax.text(7.0, 1.5, "those that stopped repeat", fontsize=9, va="center")
    ax.text(7.0, 0.8, "the block, testing each step", fontsize=9, va="center")


def crises() -> None:
    """Draw the crises of a balanced line, how one happens, and the attractors of the plane."""
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=eta)
    found = dg.crises(
        dg.restricted(F, [1, 1]), dg.Box([-2], [2]), parameter="eta", to=(1.2, 2.1), values=181
    )
    found.plot().figure.savefig(HERE / "crises.png", dpi=80)
    merging = found.of(dg.CrisisKind.MERGING)[0]
    merging.plot().figure.savefig(HERE / "merging.png", dpi=80)
    history = dg.follow_attractors(
        F, "eta", np.linspace(0.8, 2.05, 126), region=dg.Box([-2, -2], [2, 2]), n=400, rng=0
    )
    history.plot().figure.savefig(HERE / "attractors.png", dpi=80)


def _box(ax: Axes, x0: float, y0: float, width: float, height: float, text: str, fill: str) -> None:
    ax.add_patch(Rectangle((x0, y0), width, height, facecolor=fill, edgecolor="#1A1A1A"))
    ax.text(x0 + width / 2, y0 + height / 2, text, ha="center", va="center", fontsize=9.5)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, color="#6B6B6B"))


if __name__ == "__main__":
    fates()
    orbits()
    transition()
    boundary()
    cells()
    diagrams()
    certified_branches()
    branches()
    two_parameters()
    crises()
    engine()
