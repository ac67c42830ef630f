"""How things look in every picture: one colour, grey level, marker and hatch for each meaning.

The colours stay apart for the common colour-vision deficiencies, and those of one family differ by
at least ten units of CIE lightness, so a picture printed in grey can still be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = [
    "ACCENT",
    "FATES",
    "GRID",
    "INK",
    "KINDS",
    "LINES_OF_ORBITS",
    "ORBITS",
    "OUTCOMES",
    "QUIET",
    "RC",
    "STABILITY",
    "STATUSES",
    "Look",
    "lightness",
    "look_of_fate",
    "look_of_kind",
    "look_of_orbit",
    "look_of_outcome",
]

INK = "#1A1A1A"
QUIET = "#6B6B6B"
GRID = "#D9D9D9"
ACCENT = "#D55E00"

RC: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "hatch.linewidth": 0.7,
    "text.color": INK,
    "text.parse_math": True,
    "svg.hashsalt": "dynsys_gd",
    "svg.fonttype": "path",
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """How one meaning is drawn.

    Parameters
    ----------
    label : str
        Its words in a legend.
    colour : str
        Fill, as ``#RRGGBB``.
    marker : str
        Marker in scatter plots.
    hatch : str
        Hatch of bars and swatches, so that they are told apart without colour.
    line : str
        Style of lines.
    sign : str
        One character in tables.
    """

    label: str
    colour: str
    marker: str = "o"
    hatch: str = ""
    line: str = "-"
    sign: str = ""

    @property
    def grey(self) -> float:
        """CIE lightness of the colour, from 0 (black) to 100 (white)."""
        return lightness(self.colour)


FATES: dict[str, Look] = {
    "CONVERGED": Look(label="converged", colour="#14507F", marker="o"),
    "CYCLING": Look(label="cycling", colour="#009E73", marker="s", hatch="//"),
    "BOUNDED": Look(label="bounded, neither", colour="#E69F00", marker="^", hatch=".."),
    "ESCAPED": Look(label="escaped", colour="#F3E9DC", marker="x"),
    "UNDECIDED": Look(label="undecided", colour="#1A1A1A", marker="*", hatch="xx"),
}

KINDS: dict[str, Look] = {
    "SINK": Look(label="sink", colour="#081F33", marker="o"),
    "SADDLE": Look(label="saddle", colour="#CC79A7", marker="X"),
    "SOURCE": Look(label="source", colour="#D55E00", marker="v"),
    "NEUTRAL": Look(label="neutral", colour="#F0E442", marker="D"),
    "UNDECIDED": Look(label="kind undecided", colour="#1A1A1A", marker="P"),
}

OUTCOMES: dict[str, Look] = {
    "YES": Look(label="yes", colour="#14507F", marker="o", sign="✓"),
    "NO": Look(label="no", colour="#D55E00", marker="X", sign="✗"),
    "UNDECIDED": Look(label="undecided", colour="#C4C4C4", marker="P", sign="?"),
}

STATUSES: dict[str, Look] = {
    "VERIFIED": Look(label="VERIFIED", colour="#14507F", sign="✓"),
    "SUPPORTED": Look(label="SUPPORTED", colour="#56B4E9", sign="✓"),
    "SILENT": Look(label="SILENT", colour="#E6E6E6", sign="–"),
    "INCONCLUSIVE": Look(label="INCONCLUSIVE", colour="#F0E442", sign="?"),
    "CONTRADICTION": Look(label="CONTRADICTION", colour="#B2182B", sign="✗"),
}

STABILITY: dict[str, Look] = {
    "SOME": Look(label="some minimum is stable", colour="#6F9CC4"),
    "OPEN": Look(label="not decided rigorously", colour="#FFFFFF", hatch="///"),
    "NONE": Look(label="no minimum is stable", colour="#F3E9DC"),
    "WEAK_SOME": Look(label="some minimum has a stable normal direction", colour="#6F9CC4"),
    "WEAK_NONE": Look(label="no minimum has one", colour="#F3E9DC"),
    "NO_MINIMUM": Look(label="the loss has no minimum", colour="#E6E6E6"),
}

ORBITS = ("#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#1A1A1A", ACCENT)
LINES_OF_ORBITS = ("-", "--", "-.", ":")


def look_of_fate(fate: Any) -> Look:
    """Return how a fate is drawn, in every picture alike."""
    return FATES[fate.name]


def look_of_kind(kind: Any) -> Look:
    """Return how the kind of a fixed or periodic point is drawn."""
    return KINDS[kind.name]


def look_of_outcome(outcome: Any) -> Look:
    """Return how a yes, no or undecided is drawn."""
    return OUTCOMES[outcome.name]


def look_of_orbit(index: int) -> Look:
    """Return how the orbit of this index in its list is drawn.

    Colours repeat after 7 orbits and lines after 4, so 28 orbits look different.
    """
    return Look(
        label=f"orbit {index}",
        colour=ORBITS[index % len(ORBITS)],
        line=LINES_OF_ORBITS[index % len(LINES_OF_ORBITS)],
    )


def lightness(colour: str) -> float:
    """Return the CIE lightness L* of a colour ``#RRGGBB``: what is left of it in grey.

    Examples
    --------
    >>> round(lightness("#FFFFFF")), round(lightness("#000000")), round(lightness("#777777"))
    (100, 0, 50)
    """
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    if luminance <= 0.008856:
        return 903.3 * luminance
    return 116.0 * luminance ** (1 / 3) - 16.0
