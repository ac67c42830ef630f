"""What is proved about parts of the space before any cell is looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...maps.base import Map
from ...orbits.certified.system import Bounds, System, system_of
from ...regions import Box
from ..target import Target
from .admissible import admissible
from .barrier import Barrier, barrier_of
from .blocks import Block, blocks_at
from .cores import Core, cores_at
from .escapes import Escape, escapes_of
from .fixed import candidates
from .forms import Form, forms_of
from .regular import regular_point

__all__ = ["Facts", "facts_of"]


@dataclass(frozen=True)
class Facts:
    """Statements about parts of the space; plain data that travels to other processes.

    Boxes are pairs `lower`, `upper` of shape (d, n). What cannot be evaluated on a box, such as
    one with a bound that is NaN, is not shown.

    Parameters
    ----------
    system : System
        The formulas of the map.
    outcomes : tuple of str
        Names; number 0 is "does not converge", the others are limits.
    cores : tuple of Core
    forms : tuple of Form
        Number 0 is the gradient itself (or F(x) - x); the others are families of minima.
    blocks : tuple of Block
    escapes : tuple of Escape
    regular_at : tuple of Rational or None
        A point at which det DF is not 0. Without one nothing holds up to null sets only: there
        are no blocks then, and no form repels.
    why_not : tuple of str
        What was looked for and not found, with what follows from that.
    """

    system: System
    outcomes: tuple[str, ...]
    cores: tuple[Core, ...]
    forms: tuple[Form, ...]
    blocks: tuple[Block, ...]
    escapes: tuple[Escape | Barrier, ...]
    regular_at: tuple[sp.Rational, ...] | None
    why_not: tuple[str, ...]

    @property
    def dimension(self) -> int:
        """Number d of coordinates."""
        return self.system.dimension

    def images(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
        """Return bounds (d, n) of the images of boxes after one step."""
        return self.system.image_bounds(lower, upper)

    def jacobian(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
        """Return bounds (d, d, n) of the Jacobian on boxes."""
        return self.system.slope_bounds(lower, upper)

    def admissible(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        """Return for each box whether it holds no limit that attracts a set of positive measure."""
        return admissible(self.system, lower, upper)

    def outcome_of(
        self, form: int, lower: Bounds, upper: Bounds, room: Bounds
    ) -> NDArray[np.int64]:
        """Return the outcome of each box that a form attracts within a room, -1 where it is open.

        It is open where the loss is not shown to be real: what attracts is no minimum there.
        By form 0 the limit is the only fixed point in the box widened by the room; where that of
        a core lies there, it is this one.
        """
        found = np.full(lower.shape[1], self.forms[form].outcome, dtype=np.int64)
        if form == 0:
            # The sums are rounded: a little less room than there is, and a little more.
            slack = 2.0**-50 * (abs(lower) + abs(upper) + room)
            for core in self.cores:
                low, high = (corner[:, None] for corner in core.pin)
                with np.errstate(invalid="ignore"):
                    less, more = room - slack, room + slack
                    inside = (lower - less <= low) & (high <= upper + less)
                    near = (lower - more <= high) & (low <= upper + more)
                found[near.all(axis=0)] = -1
                found[inside.all(axis=0)] = core.outcome
        with np.errstate(all="ignore"):
            more = room + 2.0**-50 * (abs(lower) + abs(upper) + room)
            found[~self.system.real_on(lower - more, upper + more)] = -1
        return found


def facts_of(F: Map, region: Box, *, target: Target, seconds: float = 5.0) -> Facts:
    """Return what can be proved about parts of the space of a map.

    Parameters
    ----------
    F : Map
        Symbolic, smooth, every parameter with a value.
    region : Box
        Of states of the map. Fixed points are looked for in it and somewhat beyond.
    target : Target
        Whether the limits are called minima or fixed points.
    seconds : float
        Time limit of the search for fixed points.

    Raises
    ------
    InvalidInput
        For maps that are not symbolic, not smooth, or have open parameters.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss((x * y - 1)**2 / 2, [x, y]), step_size="1/2")
    >>> facts = facts_of(F, Box([-3, -3], [3, 3]), target=Target.MINIMA)
    >>> facts.outcomes
    ('not', 'a minimum', 'a minimum on x*y - 1 = 0')
    """
    system = system_of(F)
    if target is not Target.MINIMA:
        system = replace(system, loss=None)
    named = "minimum" if target is Target.MINIMA else "fixed point"
    regular_at = regular_point(system)
    found, open_points = candidates(F, system, region, seconds)
    outcomes = ["not"]
    cores = cores_at(system, found, named, outcomes)
    cores = tuple(c for c in cores if system.real_on(*(e[:, None] for e in c.pin))[0])
    forms = forms_of(F, system, named, outcomes)
    found_escapes, no_escape = escapes_of(system)
    escapes: tuple[Escape | Barrier, ...] = found_escapes
    barrier = None if regular_at is None else barrier_of(system, forms)
    if barrier is not None:
        escapes, no_escape = (barrier, *escapes), ()
    why_not = [*open_points, *no_escape]
    blocks: tuple[Block, ...] = ()
    if regular_at is None:
        why_not.append(
            "no point was found at which det DF is proved not to be 0: "
            "nothing is said about almost every point"
        )
        forms = tuple(form.without_null_sets() for form in forms)
    else:
        blocks = blocks_at(system, found, region)
    return Facts(system, tuple(outcomes), cores, forms, blocks, escapes, regular_at, tuple(why_not))
