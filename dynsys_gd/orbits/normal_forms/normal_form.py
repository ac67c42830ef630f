"""The result: which bifurcation, its coefficient, and what it predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...maps.base import Map
from ...results import Result, plain
from ...values import to_value
from ..display import bounds_text, latex_value, point_text, value_text
from .kinds import Bifurcation, Criticality

__all__ = ["NormalForm"]

_CURVE = 64  # points that stand for a closed curve


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class NormalForm(Result):
    """What happens to an orbit where one of its multipliers is on the unit circle.

    Parameters
    ----------
    map : Map
    bifurcation : Bifurcation
    criticality : Criticality
    coefficient : float
        The leading coefficient for a critical direction of length one: b > 0 of a supercritical
        flip w -> -(1 + μ) w + b w³; a of a fold or transcritical bifurcation
        w -> w + s δ + m δ w + a w²; c < 0 of a supercritical pitchfork w -> w + m δ w + c w³;
        Re d < 0 of a supercritical Neimark-Sacker bifurcation w -> e^(iθ) w (1 + μ + d |w|²).
    exact : sympy number or None
        The coefficient exactly.
    bounds : tuple of two float, or None
        Certified bounds of the coefficient.
    parameter : str or None
        Name of the open parameter.
    value : float or None
        Its critical value.
    exact_value : sympy number or None
    exact_point : tuple of d sympy numbers, or None
        The first point of the orbit, where it came exactly.
    points : ndarray, shape (p, d)
        The orbit at the critical value, in the space of states.
    direction : ndarray, shape (d,)
        The critical eigenvector at the first point, of length one; complex for a pair.
    multipliers : ndarray of complex, shape (d,)
        At the critical value, rounded.
    speed : float or None
        How fast the multiplier -(1 + μ), 1 + μ or e^(iθ)(1 + μ) grows: dμ/dparameter.
    push : float or None
        Of a fold: s, how fast the parameter pushes along the critical direction.
    twist : float or None
        Of a pair: Im d, by how much |w|² turns the angle of rotation.
    note : str
        A restriction that goes with the answer, or nothing.
    evidence : Evidence
    """

    map: Map
    bifurcation: Bifurcation
    criticality: Criticality
    coefficient: float
    exact: sp.Expr | None
    bounds: tuple[float, float] | None
    parameter: str | None
    value: float | None
    exact_value: sp.Expr | None
    exact_point: tuple[sp.Expr, ...] | None
    points: NDArray[np.float64]
    direction: NDArray[Any]
    multipliers: NDArray[np.complex128]
    speed: float | None
    push: float | None = None
    twist: float | None = None
    note: str = ""
    evidence: Any

    def __post_init__(self) -> None:
        for array in (self.points, self.direction, self.multipliers):
            array.setflags(write=False)

    @property
    def period(self) -> int:
        """The least period of the orbit."""
        return len(self.points)

    @property
    def side(self) -> int | None:
        """On which side of the critical value the new orbits lie: 1 above, -1 below, 0 on both.

        None where that is not known: without an open parameter, or without a coefficient.
        """
        square = self._square()
        if square is None or not np.isfinite(square) or square == 0:
            return None
        return 0 if self.bifurcation is Bifurcation.TRANSCRITICAL else int(np.sign(square))

    def amplitude(self, value: Any) -> float:
        """Return how far from the orbit the new orbits lie at a parameter value, to leading order.

        Parameters
        ----------
        value : number, fraction or text
            A value of the open parameter near the critical one.

        Returns
        -------
        float
            In the Euclidean norm of the state space: points at `points[0]` plus and minus this
            times `direction`. Of a closed curve the radius |w|, with points at
            `points[0]` + 2 Re(w `direction`).

        Raises
        ------
        InvalidInput
            Without an open parameter, without a coefficient that is known not to be zero, or on
            the side where no new orbit exists.

        Notes
        -----
        sqrt(μ/b) for a flip, sqrt(-s δ/a) for a fold, |m δ/a| for a transcritical bifurcation,
        sqrt(-m δ/c) for a pitchfork, sqrt(-μ/Re d) for a closed curve; δ is the distance to the
        critical value.

        Examples
        --------
        >>> from sympy.abc import eta, x
        >>> from dynsys_gd import GradientDescent, Loss, normal_form
        >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size=eta)
        >>> round(normal_form(well, [1]).amplitude("1.005"), 6)
        0.035355
        """
        square = self._square()
        if square is None or self.value is None:
            raise InvalidInput(
                "value",
                value,
                "a normal form with an open parameter and a coefficient that is not zero",
                "leave the parameter open: normal_form(F, at, value=...)",
            )
        number = to_value(value, "value")
        if not number.is_number:
            raise InvalidInput("value", value, "a number")
        distance = float(number) - self.value
        if self.bifurcation is Bifurcation.TRANSCRITICAL:
            return abs(square * distance)
        if square * distance < 0:
            side = "above" if square > 0 else "below"
            raise InvalidInput(
                "value",
                value,
                f"a value {side} {self.value:.9g}",
                "no orbit branches off on the other side",
            )
        return float(np.sqrt(square * distance))

    def predicted(self, value: Any) -> NDArray[np.float64]:
        """Return where the new orbits are expected near the first point, to leading order.

        Parameters
        ----------
        value : number, fraction or text
            As for `amplitude`.

        Returns
        -------
        ndarray, shape (m, d)
            The two points of a doubled orbit, the two of a fold or a pitchfork, the one of a
            transcritical bifurcation, or 64 points of a closed curve.

        Examples
        --------
        >>> from sympy.abc import eta, x
        >>> from dynsys_gd import GradientDescent, Loss, normal_form
        >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size=eta)
        >>> normal_form(well, [1]).predicted("1.02").round(3).ravel().tolist()
        [1.071, 0.929]
        """
        size, start = self.amplitude(value), self.points[0]
        if self.bifurcation is Bifurcation.NEIMARK_SACKER:
            angles = np.linspace(0, 2 * np.pi, _CURVE, endpoint=False)
            return start + 2 * size * np.real(np.exp(1j * angles)[:, None] * self.direction)
        offset = size * self.direction
        if self.bifurcation is Bifurcation.TRANSCRITICAL:
            square = self._square() or 0.0
            distance = float(to_value(value, "value")) - float(self.value or 0.0)
            return np.array([start + square * distance * self.direction])
        return np.array([start + offset, start - offset])

    def _square(self) -> float | None:
        """Return the squared amplitude per unit of the parameter; the offset if transcritical."""
        known = self.criticality in (
            Criticality.SUPERCRITICAL,
            Criticality.SUBCRITICAL,
            Criticality.REGULAR,
        )
        rate = self.push if self.bifurcation is Bifurcation.FOLD else self.speed
        if not known or rate is None:
            return None
        sign = 1 if self.bifurcation is Bifurcation.FLIP else -1
        return sign * rate / self.coefficient

    def headline(self) -> str:
        what = "fixed point" if self.period == 1 else f"orbit of period {self.period}"
        where = f"{what} {point_text(self.points[0], self.exact_point)}"
        at = "" if self.parameter is None else f" at {self.parameter} = {self._value_text()}"
        if self.criticality is Criticality.CONSERVATIVE:
            return f"Elliptic {where} of an area-preserving map{at}"
        word = str(self.bifurcation)
        if self.criticality is not Criticality.REGULAR:
            word = f"{self.criticality} {word}"
        if self.bifurcation in (Bifurcation.TRANSCRITICAL, Bifurcation.NEIMARK_SACKER):
            word += " bifurcation"
        return f"{word[0].upper()}{word[1:]} of the {where}{at}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("map", self.map.describe()), (self._letter(), self._coefficient_text())]
        if self.bounds is not None and self.exact is None:
            rows.append(("certified", bounds_text(*self.bounds)))
        if self.twist is not None:
            rows.append(("twist Im d", f"{self.twist:.9g}"))
        shown = ", ".join(_number(m) for m in self.multipliers[:8])
        rows.append(("multipliers", shown + (", …" if len(self.multipliers) > 8 else "")))
        rows.append(("what branches off", self._consequence()))
        if self.note:
            rows.append(("note", self.note))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def _consequence(self) -> str:
        new = {
            Bifurcation.FLIP: f"an orbit of period {2 * self.period}",
            Bifurcation.FOLD: "two orbits that meet",
            Bifurcation.TRANSCRITICAL: "an orbit that crosses",
            Bifurcation.PITCHFORK: "two orbits of the same period",
            Bifurcation.NEIMARK_SACKER: "a closed curve",
        }[self.bifurcation]
        if self.criticality is Criticality.CONSERVATIVE:
            return "no attracting or repelling curve; nearby orbits keep turning"
        if self.criticality is Criticality.DEGENERATE:
            return "not decided by the leading coefficient, which is zero"
        if self.criticality is Criticality.UNDECIDED:
            return "undecided"
        if self.bifurcation is Bifurcation.TRANSCRITICAL:
            return f"{new}, on both sides"
        if self.side is None:
            return new
        return f"{new}, {'above' if self.side > 0 else 'below'} {self._value_text()}"

    def _letter(self) -> str:
        return {
            Bifurcation.FLIP: "coefficient b",
            Bifurcation.FOLD: "coefficient a",
            Bifurcation.TRANSCRITICAL: "coefficient a",
            Bifurcation.PITCHFORK: "coefficient c",
            Bifurcation.NEIMARK_SACKER: "coefficient Re d",
        }[self.bifurcation]

    def _coefficient_text(self) -> str:
        return f"{self.coefficient:.9g}" if self.exact is None else value_text(self.exact)

    def _value_text(self) -> str:
        if self.exact_value is not None:
            return value_text(self.exact_value)
        return f"{self.value:.9g}"

    def latex(self) -> str | None:
        number = f"{self.coefficient:.6g}" if self.exact is None else latex_value(self.exact)
        form = {
            Bifurcation.FLIP: r"w \mapsto -(1+\mu)\,w + b\,w^3,\quad b = ",
            Bifurcation.FOLD: r"w \mapsto w + s\,\delta + a\,w^2,\quad a = ",
            Bifurcation.TRANSCRITICAL: r"w \mapsto (1+\mu)\,w + a\,w^2,\quad a = ",
            Bifurcation.PITCHFORK: r"w \mapsto (1+\mu)\,w + c\,w^3,\quad c = ",
            Bifurcation.NEIMARK_SACKER: (
                r"w \mapsto e^{i\theta} w\,(1+\mu + d\,|w|^2),\quad \mathrm{Re}\,d = "
            ),
        }[self.bifurcation]
        return form + number

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "bifurcation": self.bifurcation.value,
            "criticality": self.criticality.value,
            "coefficient": plain(self.coefficient),
            "exact": plain(self.exact),
            "bounds": plain(self.bounds),
            "parameter": self.parameter,
            "value": plain(self.value),
            "exact_value": plain(self.exact_value),
            "exact_point": plain(self.exact_point),
            "points": plain(self.points),
            "direction": plain(self.direction),
            "multipliers": plain(self.multipliers),
            "speed": plain(self.speed),
            "push": plain(self.push),
            "twist": plain(self.twist),
            "note": self.note,
        }


def _number(value: complex) -> str:
    number = complex(value)
    number = complex(*(0.0 if abs(part) < 1e-15 else part for part in (number.real, number.imag)))
    if abs(number.imag) < 1e-12:
        return f"{number.real:.6g}"
    return f"{number.real:.6g}{number.imag:+.6g}i"
