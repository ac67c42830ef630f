"""Draws the pictures of the README; run it from the root of the repository."""

from __future__ import annotations

from pathlib import Path

from matplotlib import pyplot
from sympy.abc import eta, x, y

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


if __name__ == "__main__":
    fates()
