"""What a transfer operator tells: its matrix, densities, almost-invariant sets, eigenvalues."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.patches import Circle, Patch
from numpy.typing import NDArray

from ..cells.cells import Cells
from ..cells.counted import counted
from ..cells.transfer.almost_invariant import AlmostInvariantSets
from ..cells.transfer.escape_rate import Escape, EscapeRate
from ..cells.transfer.invariant_density import InvariantDensity
from ..cells.transfer.operator import TransferOperator
from ..cells.transfer.spectrum import TransferSpectrum
from ..maps.base import Map
from .cell_images import kinds_image, named, summed, values_image
from .style import ACCENT, GRID, INK, ORBITS, QUIET, look_of_orbit
from .words import count, formula, on_the_map, symbol_of, title

__all__ = [
    "draw_almost_invariant",
    "draw_density",
    "draw_escape_rate",
    "draw_operator",
    "draw_spectrum",
    "on_cells_size",
]

# Dark where much is; what is empty stays white.
_AMOUNT = LinearSegmentedColormap.from_list("amount", ["#DCE6EF", "#6F9CC4", "#14507F", "#081F33"])
_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_HATCHES = ("", "///", "\\\\\\", "...", "xx", "--", "ooo")
_DECADES = 1e-4  # of the largest density that is told from none
_FEW = 64  # cells of a component that are marked, since an image would not show them

Numbers = NDArray[np.float64]


def on_cells_size(result: Any) -> tuple[float, float]:
    """Return the size of a picture on cells in inches."""
    return (7.6, 3.6) if result.cells.dimension == 1 else (8.0, 5.6)


def draw_operator(operator: TransferOperator, ax: Axes, **style: Any) -> None:
    """Draw the matrix of a map of the line, else the share of each cell that leaves."""
    cells, F = operator.cells, operator.map
    if cells.dimension == 1:
        coo = operator.matrix.tocoo()
        middles = 0.5 * (cells.lower[0] + cells.upper[0])
        size = max(0.3, min(60.0, 3e4 / len(cells) ** 2))
        order = np.argsort(coo.data, kind="stable")
        look = {"c": coo.data[order], "cmap": _AMOUNT, "vmin": 0.0, "s": size, "marker": "s"}
        at, to = middles[coo.row[order]], middles[coo.col[order]]
        drawn = ax.scatter(at, to, **{**look, "linewidths": 0.0, **style})
        ax.set_xlabel(f"{symbol_of(F.names[0])}, from")
        ax.set_ylabel("to")
        ax.set_xlim(cells.region.low[0], cells.region.high[0])
        ax.set_ylim(cells.region.low[0], cells.region.high[0])
        what = "share of a cell that lands there"
    else:
        inside = summed(cells, np.ones(len(cells)))
        leaving = np.ma.masked_equal(summed(cells, operator.left), 0.0) / inside
        drawn = values_image(ax, cells, leaving, cmap=_AMOUNT, vmin=0.0, vmax=1.0, **style)
        named(ax, F.names)
        what = "share of a cell that leaves in one step"
    ax.figure.colorbar(drawn, ax=ax, label=what)
    on = f"{_described(F)} on {count(len(cells))} cells"
    title(ax, f"Transfer operator of {on}")


def draw_density(result: InvariantDensity, ax: Axes, **style: Any) -> None:
    """Draw the densities, one line each on a line, one image of all in the plane."""
    cells, F = result.cells, result.map
    if cells.dimension == 1:
        for k, each in enumerate(result.components[: len(ORBITS)]):
            look = look_of_orbit(k)
            line = {"color": look.colour, "linestyle": look.line, "linewidth": 1.1}
            label = f"density {k}, on {count(len(each.cells))} cells"
            _steps(ax, each.cells, each.density, {**line, "label": label, **style})
        _finish_line(ax, cells, F)
    else:
        mass = np.zeros(len(cells))
        for each in result.components:
            mass[cells.rows_of(each.cells.codes)] += each.mass
        _density_image(ax, cells, mass, F, style)
        small = [each.cells for each in result.components if len(each.cells) <= _FEW]
        for few in small:
            middle = 0.5 * (few.lower + few.upper)[:2].mean(axis=1)
            label = "class of few cells" if few is small[0] else "_"
            ax.plot(*middle, "o", mfc="none", color=ACCENT, ms=9, zorder=4, label=label)
        if small:
            ax.legend(loc="upper right", frameon=True, framealpha=1.0, edgecolor=GRID)
    many = len(result.components)
    what = "No invariant density" if not many else f"{many} invariant densities"
    title(ax, f"{'Invariant density' if many == 1 else what}: {_described(F)}")


def draw_escape_rate(result: EscapeRate, ax: Axes, **style: Any) -> None:
    """Draw the density of what is left, or the cells that are never left."""
    cells, F = result.cells, result.map
    if result.kind is Escape.NEVER:
        kinds_image(ax, [(result.kept, "#14507F", "")], cells, style)
        named(ax, F.names)
        ax.legend(handles=[Patch(facecolor="#14507F", label="never left")], **_BESIDE)
        title(ax, f"Escape rate 0, some cells are never left: {_described(F)}")
        return
    if result.kind is Escape.ALL:
        kinds_image(ax, [(cells, "#F3E9DC", "")], cells, style)
        named(ax, F.names)
        said = f"left after {counted(result.longest or 0, 'step')}"
        ax.legend(handles=[Patch(facecolor="#F3E9DC", edgecolor=INK, label=said)], **_BESIDE)
        title(ax, f"Escape rate ∞: {_described(F)}")
        return
    if cells.dimension == 1:
        line = {"color": ORBITS[0], "linewidth": 1.1, **style}
        _steps(ax, cells, result.density, line)
        _finish_line(ax, cells, F)
    else:
        _density_image(ax, cells, result.mass, F, style)
    title(ax, f"What is left, escape rate {result.rate:.6g}: {_described(F)}")


def draw_almost_invariant(result: AlmostInvariantSets, ax: Axes, **style: Any) -> None:
    """Draw each set in its colour and hatch."""
    many = len(result.sets)
    colours = [ORBITS[k % len(ORBITS)] for k in range(many)]
    hatches = [_HATCHES[k % len(_HATCHES)] for k in range(many)]
    kinds_image(ax, list(zip(result.sets, colours, hatches, strict=True)), result.cells, style)
    handles = [
        Patch(
            facecolor=colours[k],
            edgecolor="white",
            hatch=hatches[k],
            label=f"set {k}: {100 * result.masses[k]:.3g} % of mass,\n"
            f"{100 * result.ratios[k]:.5g} % of it stay",
        )
        for k in range(many)
    ]
    ax.legend(handles=handles, **_BESIDE)
    named(ax, result.map.names)
    title(ax, f"{many} almost-invariant sets: {_described(result.map)}")


def draw_spectrum(result: TransferSpectrum, ax: Axes, **style: Any) -> None:
    """Draw the eigenvalues in the unit circle; `style` goes to those of the finer cells."""
    ax.add_patch(Circle((0, 0), 1, fill=False, edgecolor=QUIET, linewidth=1.0))
    if result.coarser:
        values = np.array(result.coarser)
        label = "on cells twice as wide"
        ax.plot(values.real, values.imag, "x", color=ACCENT, ms=7, label=label, zorder=3)
    values = np.array(result.eigenvalues)
    look: dict[str, Any] = {"color": ORBITS[0], "ms": 5, "zorder": 4}
    label = f"depth {result.cells.depth}"
    ax.plot(values.real, values.imag, "o", **{**look, "label": label, **style})
    ax.axhline(0, color=GRID, linewidth=0.8, zorder=0)
    ax.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xlabel("real part of λ")
    ax.set_ylabel("imaginary part of λ")
    ax.legend(**_BESIDE)
    rate = result.mixing_rate
    known = "not known" if np.isnan(rate) else f"= {rate:.4g}"
    title(ax, f"Largest eigenvalues, |λ₂/λ₁| {known}: {_described(result.map)}")


def _steps(ax: Axes, cells: Cells, density: Numbers, look: dict[str, Any]) -> None:
    """Draw a density that is constant on cells, with a drop to 0 where there are none."""
    low, high = cells.lower[0], cells.upper[0]
    apart = np.flatnonzero(np.diff(cells.codes) > 1) + 1
    edges = np.insert(np.append(low, high[-1]), apart, high[apart - 1])
    values = np.insert(density, apart, 0.0)
    ax.stairs(values, edges, **{"baseline": 0.0, **look})


def _finish_line(ax: Axes, cells: Cells, F: Map) -> None:
    ax.set_xlim(cells.region.low[0], cells.region.high[0])
    ax.set_xlabel(symbol_of(F.names[0]))
    ax.set_ylabel("density")
    ax.set_ylim(bottom=0.0)
    ax.grid(color=GRID, linewidth=0.6)
    if len(ax.get_legend_handles_labels()[0]) > 1:
        ax.legend(frameon=True, framealpha=1.0, edgecolor=GRID)


def _density_image(ax: Axes, cells: Cells, mass: Numbers, F: Map, style: dict[str, Any]) -> None:
    image = summed(cells, mass)
    low, high = np.array(cells.region.low[:2]), np.array(cells.region.high[:2])
    image *= image.size / np.prod(high - low)
    top = float(image.max())
    named(ax, F.names)
    if top <= 0:
        values_image(ax, cells, np.ma.masked_equal(image, 0.0), cmap=_AMOUNT)
        return
    scale = LogNorm(vmin=top * _DECADES, vmax=top)
    shown = np.ma.masked_less(image, top * _DECADES)
    drawn = values_image(ax, cells, shown, cmap=_AMOUNT, **{"norm": scale, **style})
    seen = "density" if cells.dimension == 2 else f"density of ({', '.join(F.names[:2])})"
    ax.figure.colorbar(drawn, ax=ax, label=seen)


def _described(F: Map) -> str:
    return formula(F.loss.describe() if F.loss is not None else F.describe()) + on_the_map(F)
