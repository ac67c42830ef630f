"""Whose spectra are computed: maps that pynamicalsys has as well, with starts and lengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import dynsys_gd as dg

__all__ = ["SpectrumProblem", "henon", "logistic"]


@dataclass(frozen=True, kw_only=True)
class SpectrumProblem:
    """All Lyapunov exponents along the orbits of some starts.

    Parameters
    ----------
    title : str
    F : Map
    model : str
        Its name in pynamicalsys.
    parameters : tuple of float
        Its parameters there.
    starts : ndarray, shape (n, d)
    steps, transient : int
        Measured, and left out beforehand.
    exponents : tuple of float
        What should come out, to `tolerance` on average over the starts.
    tolerance : float
    """

    title: str
    F: dg.Map
    model: str
    parameters: tuple[float, ...]
    starts: NDArray[np.float64]
    steps: int
    transient: int
    exponents: tuple[float, ...]
    tolerance: float


def henon(n: int, steps: int) -> SpectrumProblem:
    """Return Hénon's map: both exponents, whose sum is log 0.3."""
    first = 0.41922
    return SpectrumProblem(
        title=f"Hénon, 2 exponents, {_orbits(n)} of {steps} steps",
        F=dg.textbook.henon(),
        model="henon map",
        parameters=(1.4, 0.3),
        starts=dg.Box([-0.1, -0.1], [0.1, 0.1]).sample(n, rng=0),
        steps=steps,
        transient=steps // 10,
        exponents=(first, float(np.log(0.3)) - first),
        tolerance=2.0 / np.sqrt(n * steps),
    )


def logistic(n: int, steps: int) -> SpectrumProblem:
    """Return the logistic map at 4: the exponent is log 2."""
    return SpectrumProblem(
        title=f"logistic map, {_orbits(n)} of {steps} steps",
        F=dg.textbook.logistic(),
        model="logistic map",
        parameters=(4.0,),
        starts=dg.Box([0.1], [0.9]).sample(n, rng=0),
        steps=steps,
        transient=steps // 10,
        exponents=(float(np.log(2)),),
        tolerance=2.0 / np.sqrt(n * steps),
    )


def _orbits(n: int) -> str:
    return "one orbit" if n == 1 else f"{n} orbits"
