"""What is measured: an ellipse of known area by sampling, and the cases of the enclosures."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from dynsys_gd import Box, GradientDescent, Loss

from ..workloads import TOLERANCE, Formula, MapWorkload

__all__ = ["BoundedProblem", "SampledProblem", "bounded_problems", "ellipse"]


@dataclass(frozen=True, kw_only=True)
class SampledProblem:
    """A share that is known exactly, as an engine and as a user of the package see it.

    Parameters
    ----------
    workload : MapWorkload
        Map, stopping rule and box for the engines.
    F : GradientDescent
    box : Box
    share : float
    """

    workload: MapWorkload
    F: GradientDescent
    box: Box
    share: float


@dataclass(frozen=True, kw_only=True)
class BoundedProblem:
    """A measure to be proved to lie between two numbers.

    Parameters
    ----------
    title : str
    F : GradientDescent
    box : Box
    width : float or None
        How close the bounds should be after a minute, as Lebesgue measure.
    apart : bool
        Whether the bounds are those of each minimum, of which the widest counts.
    """

    title: str
    F: GradientDescent
    box: Box
    width: float | None
    apart: bool = False


def ellipse() -> SampledProblem:
    """Return (xy - 1)²/2 at η = 1/2 on the bounding box of its ellipse, of area 2π√15 in 32."""
    eta, side = sp.Rational(1, 2), sp.sqrt(8)
    half = float(side)
    x, y = sp.symbols("x y")
    return SampledProblem(
        workload=MapWorkload(
            name="ellipse",
            title="(xy-1)²/2, η=1/2",
            formula=Formula.PRODUCT,
            d=2,
            box=half,
            eta=float(eta),
            tolerance=TOLERANCE,
            n=2**14,
            steps=256,
        ),
        F=GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), eta),
        box=Box([-half, -half], [half, half]),
        share=float(2 * sp.pi * sp.sqrt(4 / eta**2 - 1) / (2 * side) ** 2),
    )


def bounded_problems() -> list[BoundedProblem]:
    """Return all cases, the double well first."""
    x, y = sp.symbols("x y")
    well = Loss(x**4 / 4 - x**2 / 2, [x])
    product = Loss((x * y - 1) ** 2 / 2, [x, y])
    himmelblau = Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])

    def square(half: int) -> Box:
        return Box([-half, -half], [half, half])

    return [
        BoundedProblem(
            title="double well, η=1/2, [-3, 3]",
            F=GradientDescent(well, "1/2"),
            box=Box([-3], [3]),
            width=1e-9,
        ),
        *(
            BoundedProblem(
                title=f"(xy-1)²/2, η={eta}, [-{half}, {half}]²",
                F=GradientDescent(product, eta),
                box=square(half),
                width=width,
            )
            for eta, half, width in (
                ("1/5", 3, 1e-3),
                ("1/2", 2, 0.1),
                ("1/2", 3, 0.8),
                ("9/10", 3, 4.0),
            )
        ),
        BoundedProblem(
            title="Himmelblau, η=1/100, [-6, 6]², each minimum",
            F=GradientDescent(himmelblau, "1/100"),
            box=square(6),
            width=None,
            apart=True,
        ),
    ]
