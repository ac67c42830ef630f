"""A convergent set that is known exactly, and starts that are classified without simulating."""

import math
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from sympy.abc import eta, x, y

from dynsys_gd import Box, GradientDescent, Loss
from dynsys_gd.ensembles.fates import Detail

PRODUCT = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=eta)


@dataclass(frozen=True)
class Case:
    """A map, a region and the share of it that converges.

    For 0 < η < 1 that is x² + y² - η x y < 4/η - η up to a null set; above 1 nothing converges.
    """

    step: str
    region: Box
    share: float

    @property
    def map(self):
        return PRODUCT.at(eta=self.step)


def whole_ellipse(step, value):
    """The bounding box |x|, |y| ≤ 2/√η, of area 16/η; the ellipse has area 2π√(4/η² - 1)."""
    side = 2 / math.sqrt(value)
    area = 2 * math.pi * math.sqrt(4 / value**2 - 1)
    return Case(step, Box([-side, -side], [side, side]), area / (4 * side**2))


CASES = {
    "0.3": whole_ellipse("3/10", 0.3),
    "0.5": whole_ellipse("1/2", 0.5),
    "0.9": whole_ellipse("9/10", 0.9),
    "none": Case("11/10", Box([-2, -2], [2, 2]), 0.0),
    "all": Case("1/2", Box([-0.5, -0.5], [1, 1.3]), 1.0),
}


def known(F, rows, *, budget=None):
    """What `simulate` says of these maps, from the formula of the set."""
    step = float(F.step_size)
    inside = (rows**2).sum(axis=1) - step * rows[:, 0] * rows[:, 1] < 4 / step - step
    detail = np.where(inside & (step < 1), Detail.MINIMUM, Detail.DIVERGED)
    return SimpleNamespace(detail=detail.astype(np.int8), steps=np.ones(len(rows), dtype=int))


def known_but_open(share):
    """Like `known`, with a fixed part of all starts undecided, chosen by their coordinates."""

    def simulate(F, rows, *, budget=None):
        seen = known(F, rows)
        bits = np.abs(rows).sum(axis=1) * 2.0**20
        seen.detail[bits % 1.0 < share] = Detail.BUDGET_SPENT
        return seen

    return simulate
