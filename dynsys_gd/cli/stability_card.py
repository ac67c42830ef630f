"""What ``dynsys-gd analyse`` prints: critical points with their stability, and the threshold."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sympy as sp

from ..ensembles.simulate import simulate
from ..errors import InvalidInput
from ..evidence import Outcome
from ..losses.symbolic import Loss
from ..maps.gradient_descent import GradientDescent
from ..orbits.critical_manifold import CriticalManifold, condition_text
from ..orbits.display import interval_text, value_text
from ..orbits.fixed_points import fixed_points
from ..orbits.kinds import CriticalKind
from ..orbits.orbit_set import OrbitSet
from ..orbits.periodic_orbit import PeriodicOrbit
from ..regions import Box
from ..thresholds.critical import critical_step_size
from ..thresholds.threshold import Threshold

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["StabilityCard", "draw_fates"]

_HALF_SIDE = 3.0
_CELLS = {1: 2000, 2: 240}
_IN_A_BOX = (
    "in a box",
    "dynsys-gd orbits with --lower, --upper and --periods 1 searches with proof",
)


@dataclass(frozen=True, kw_only=True)
class StabilityCard:
    """Everything that is printed about a loss.

    Parameters
    ----------
    loss : Loss
    step_size : sympy number or None
        None where it was left open.
    symbol : Symbol
        The step size as it appears in formulas.
    points : OrbitSet
        Critical points and families, with multipliers as functions of the step size.
    points_now : OrbitSet or None
        The same at the given step size.
    threshold : Threshold
    """

    loss: Loss
    step_size: sp.Expr | None
    symbol: sp.Symbol
    points: OrbitSet
    points_now: OrbitSet | None
    threshold: Threshold

    @staticmethod
    def of(loss: Loss, step_size: str | None, *, seconds: float) -> StabilityCard:
        """Return the card of gradient descent on `loss`."""
        taken = {*loss.names, *loss.parameters}
        symbol = sp.Symbol(next(name for name in ("eta", "h", "s", "r") if name not in taken))
        value = None
        points_now = None
        if step_size is not None:
            now = GradientDescent(loss, step_size=step_size)
            value = now.step_size
            points_now = fixed_points(now, seconds=seconds)
        points = fixed_points(GradientDescent(loss, step_size=symbol), seconds=seconds)
        return StabilityCard(
            loss=loss,
            step_size=value,
            symbol=symbol,
            points=points,
            points_now=points_now,
            threshold=critical_step_size(loss, seconds=seconds, rng=0),
        )

    def rendered(self) -> RenderableType:
        """Return the card for the terminal."""
        from rich.console import Group
        from rich.text import Text

        step = f"step size {self.step_size}" if self.step_size is not None else "any step size"
        what = f"Gradient descent on {self.loss.describe()}, {step}"
        parts: list[RenderableType] = [Text(what, style="bold"), Text()]
        parts += [_lines(self.threshold.headline(), self.threshold.rows()), Text()]
        if len(self.points) or self.points.complete:
            title = self.points.headline().replace(self.points.title, "Critical points")
            known = [("why", self.points.why), ("evidence", str(self.points.evidence))]
        else:
            title, known = "Critical points: undecided", [("why", self.points.why), _IN_A_BOX]
        parts.append(Text(title, style="bold"))
        if len(self.points):
            parts.append(self._table())
        return Group(*parts, _lines("", known))

    def _table(self) -> RenderableType:
        from rich.table import Table

        table = Table(show_lines=True)
        table.add_column("where", overflow="fold")
        table.add_column("for the loss")
        table.add_column("multipliers", overflow="fold")
        table.add_column("stable for")
        now = self._now()
        if now:
            table.add_column(f"at step size {self.step_size}", overflow="fold")
        for k, row in enumerate(self._rows()):
            table.add_row(*row, *(now[k : k + 1]))
        return table

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        for family in self.points.families:
            where = f"{family.where()} (dimension {family.dimension})"
            yield (
                where,
                _role(family),
                "unknown" if family.transverse is None else _joined(family.transverse),
                "unknown" if family.stable_part is None else condition_text(family.stable_part),
            )
        for orbit in self.points.orbits:
            stable = orbit.step_sizes
            yield (
                orbit.where(),
                _role(orbit),
                orbit.multipliers_text(),
                "unknown" if stable is None else interval_text(stable, self.symbol.name),
            )

    def _now(self) -> list[str]:
        """Return what each family and point is at the given step size, in the order of the rows."""
        found = self.points_now
        same = found is not None and (
            (len(found.families), len(found.orbits))
            == (len(self.points.families), len(self.points.orbits))
        )
        if found is None or not same:
            return []
        told = [
            "unknown"
            if family.stable_part is None
            else f"stable where {condition_text(family.stable_part)}"
            for family in found.families
        ]
        return [*told, *(f"{orbit.kind}: {orbit.multipliers_text()}" for orbit in found.orbits)]


def draw_fates(card: StabilityCard, file: str) -> None:
    """Draw the fates of a grid of starts about the critical points to `file`, PNG or SVG."""
    from ..plots import figure, save

    F = GradientDescent(card.loss, step_size=card.step_size)
    places = [abs(float(x)) for orbit in card.points.orbits for x in orbit.points.ravel()]
    side = max([_HALF_SIDE, *(1.5 * place for place in places)])
    d = card.loss.dimension
    fates = simulate(F, Box([-side] * d, [side] * d).grid(_CELLS[d]))
    target = Path(file)
    with tempfile.TemporaryDirectory() as folder:
        drawn = save(figure(fates), folder, "fates")
        data = next(path for path in drawn if path.suffix == target.suffix).read_bytes()
    try:
        target.write_bytes(data)
    except OSError as error:
        raise InvalidInput(
            "--plot", file, "a file that can be written", error.strerror or str(error)
        ) from None


def _role(item: PeriodicOrbit | CriticalManifold) -> str:
    if item.critical is None or item.critical is CriticalKind.UNDECIDED:
        return "undecided"
    lowest = item.global_minimum is Outcome.YES and item.critical is CriticalKind.MINIMUM
    return f"global {item.critical}" if lowest else str(item.critical)


def _joined(values: tuple[sp.Expr, ...]) -> str:
    return ", ".join(value_text(value) for value in values)


def _lines(headline: str, rows: Any) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in rows:
        grid.add_row(label, Text(text))
    if not headline:
        return grid
    from rich.console import Group

    sentence = headline[0].upper() + headline[1:]
    return Group(Text(sentence, style="bold"), grid)
