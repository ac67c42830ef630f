"""The normal form of a flip of a long orbit, as sums along it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from ...errors import DynsysError
from ...evidence import Evidence, Grade
from ...orbits.normal_forms.derivatives import Chain
from ...orbits.normal_forms.given import open_parameter
from ...orbits.normal_forms.kinds import Bifurcation, Criticality
from ...orbits.normal_forms.normal_form import NormalForm
from ...orbits.normal_forms.place import Place, tape_of
from ...orbits.normal_forms.scalars import Balls
from .orbit import BITS, CriticalOrbit

__all__ = ["flip_of_long_orbit"]

_ROUNDS = 14
_SHORTEST = 2.0**-120  # relative correction after which a solution has digits enough
_NOISE = 2.0**-80  # of the sizes of its terms: a sum below this is not told from zero

Vectors = list[list[flint.arb]]


def flip_of_long_orbit(orbit: CriticalOrbit, multipliers: NDArray[np.complex128]) -> NormalForm:
    """Return the normal form of a flip, with no derivative of F^p ever formed.

    Raises
    ------
    DynsysError
        Where the linear equations along the orbit could not be solved to many digits.

    Notes
    -----
    With the critical vectors v_(k+1) = A_k v_k, v_p = -v_0, the left ones ℓ_k = ℓ_(k+1) A_k,
    ℓ_p = -ℓ_0, ℓ_p v_0 = 1, and the periodic solution of s_(k+1) = A_k s_k + B_k(v_k, v_k)/2,

        b |v_0|² = Σ ℓ_(k+1) (B_k(v_k, s_k) + C_k(v_k, v_k, v_k)/6),

    with A, B, C the derivatives of one step: the same number as from the derivatives of F^p, by
    numbers that do not grow with the period [kuznetsov2005numerical]_.
    """
    with flint.ctx.workprec(BITS):
        return _Sums(orbit).form(multipliers)


@dataclass(frozen=True, eq=False)
class _Sums:
    orbit: CriticalOrbit

    @cached_property
    def parts(self) -> list[tuple[Any, Any, Any, Any]]:
        found = self.orbit.system.parts_of_derivative(self.orbit.unknowns)
        d = self.orbit.system.F.dimension
        return [
            (_rows(slopes, d), _rows(second, d), rate, bent) for slopes, second, rate, bent in found
        ]

    @property
    def v(self) -> Vectors:
        found: Vectors = self.orbit.system.parts(self.orbit.unknowns)[1]
        return found

    @cached_property
    def periodic(self) -> Any:
        """Solves s_(k+1) - A_k s_k = r_k, s_p = s_0, in doubles."""
        from scipy.sparse import csc_array
        from scipy.sparse.linalg import splu

        rows, columns, values = _shift_and_slopes([part[0] for part in self.parts], 1)
        n = len(self.parts) * self.orbit.system.F.dimension
        return splu(csc_array((values, (rows, columns)), (n, n)))

    def solved(self, right: Vectors) -> Vectors:
        """Return s with s_(k+1) = A_k s_k + right_k and s_p = s_0, by iterative refinement."""
        p, d = len(right), len(right[0])
        s = [[flint.arb(0)] * d for _ in range(p)]
        scale = 0.0
        for _ in range(_ROUNDS):
            off = [
                [
                    (s[(k + 1) % p][i] - _dot(self.parts[k][0][i], s[k]) - right[k][i]).mid()
                    for i in range(d)
                ]
                for k in range(p)
            ]
            step = self.periodic.solve(_floats(off))
            s = [[(s[k][i] - flint.arb(step[k * d + i])).mid() for i in range(d)] for k in range(p)]
            scale = scale or float(np.max(np.abs(step)))
            if float(np.max(np.abs(step))) <= _SHORTEST * scale:
                return s
        raise DynsysError("the linear equations along the orbit are too ill-conditioned")

    @cached_property
    def left(self) -> Vectors:
        """The left vectors ℓ_1, …, ℓ_p with ℓ_p v_0 = 1."""
        from scipy.sparse import csc_array
        from scipy.sparse.linalg import splu

        system, v = self.orbit.system, self.v
        p, d = system.period, system.F.dimension
        n = p * d
        slopes = [part[0] for part in self.parts]
        rows, columns, values = _shift_and_slopes(slopes, system.multiplier)
        # y M = 0 bordered by y M + g v = 0 and ℓ_p v_0 = 1; row k of M belongs to ℓ_(k+1).
        border, last = _floats(v), np.arange(n - d, n)
        all_rows = np.concatenate([columns, np.arange(n), np.full(d, n)])
        all_columns = np.concatenate([rows, np.full(n, n), last])
        all_values = np.concatenate([values, border, _floats([v[0]])])
        solver = splu(csc_array((all_values, (all_rows, all_columns)), (n + 1, n + 1)))
        y = [[flint.arb(0)] * d for _ in range(p)]
        g, scale = flint.arb(0), 0.0
        for _ in range(_ROUNDS):
            off: Vectors = []
            for k in range(p):
                # Column k of M: shift of row k - 1, slope of row k.
                sign = system.multiplier if k == 0 else 1
                pulled = [_dot([slopes[k][j][i] for j in range(d)], y[k]) for i in range(d)]
                off.append([(sign * y[k - 1][i] - pulled[i] + g * v[k][i]).mid() for i in range(d)])
            unit = (_dot(y[-1], v[0]) - 1).mid()
            step = solver.solve(np.append(_floats(off), float(unit)))
            y = [[(y[k][i] - flint.arb(step[k * d + i])).mid() for i in range(d)] for k in range(p)]
            g = (g - flint.arb(step[-1])).mid()
            size = float(np.max(np.abs(step)))
            scale = scale or size
            if size <= _SHORTEST * scale:
                return y
        raise DynsysError("the linear equations along the orbit are too ill-conditioned")

    def along(self, forcing: Vectors) -> tuple[flint.arb, float]:
        """Return Σ ℓ_(k+1) r_k and the sum of the sizes of its terms."""
        total, size = flint.arb(0), 0.0
        for y, r in zip(self.left, forcing, strict=True):
            term = _dot(y, r)
            total, size = total + term, size + abs(float(term))
        return total, size

    def form(self, multipliers: NDArray[np.complex128]) -> NormalForm:
        system, v, parts = self.orbit.system, self.v, self.parts
        F, symbol, p = system.F, open_parameter(system.F), system.period
        bent = [[_dot(row, w) for row in part[1]] for part, w in zip(parts, v, strict=True)]
        s = self.solved([[entry / 2 for entry in row] for row in bent])
        third = self._third(symbol)
        forcing = [
            [_dot(parts[k][1][i], s[k]) + third[k][i] / 6 for i in range(len(v[0]))]
            for k in range(p)
        ]
        total, size = self.along(forcing)
        square = _dot(v[0], v[0])
        moving = self.solved([part[2] for part in parts])
        speed, _ = self.along(
            [
                [_dot(part[1][i], m) + part[3][i] for i in range(len(m))]
                for part, m in zip(parts, moving, strict=True)
            ]
        )
        coefficient = float(total / square)
        kind = Criticality.SUPERCRITICAL if coefficient > 0 else Criticality.SUBCRITICAL
        if not abs(float(total)) > _NOISE * size:
            kind = Criticality.UNDECIDED
        direction = np.array([float(entry) for entry in v[0]])
        direction /= np.linalg.norm(direction)
        return NormalForm(
            map=F,
            bifurcation=Bifurcation.FLIP,
            criticality=kind,
            coefficient=coefficient,
            exact=None,
            bounds=None,
            parameter=None if symbol is None else symbol.name,
            value=self.orbit.value,
            exact_value=None,
            exact_point=None,
            points=self.orbit.points,
            direction=direction * np.sign(direction[np.argmax(np.abs(direction))]),
            multipliers=multipliers.copy(),
            speed=-float(speed),
            evidence=Evidence(
                grade=Grade.NUMERICAL,
                reason="sums along the orbit, which is known to within about "
                f"{self.orbit.spread:.0e}; linear equations solved with residuals in ball "
                "arithmetic",
                sources=("kuznetsov2004elements", "kuznetsov2005numerical"),
            ),
        )

    def _third(self, symbol: Any) -> Vectors:
        """Return C_k(v_k, v_k, v_k)."""
        system = self.orbit.system
        points, v, value = system.parts(self.orbit.unknowns)
        given = [] if symbol is None else [flint.acb(value)]
        place = Place(F=system.F, symbol=symbol, period=1, coordinates=((),))
        tape, numbers = tape_of(place), Balls(BITS)
        out = []
        for x, direction in zip(points, v, strict=True):
            w = [flint.acb(entry) for entry in direction]
            chain = Chain(tape, [flint.acb(entry) for entry in x], given, 1, numbers)
            out.append([entry.real for entry in chain.along(w, w, w)])
        return out


def _rows(entries: list[flint.arb], d: int) -> Vectors:
    return [entries[i : i + d] for i in range(0, d * d, d)]


def _dot(a: Any, b: Any) -> flint.arb:
    total = flint.arb(0)
    for x, y in zip(a, b, strict=True):
        total += x * y
    return total


def _floats(rows: Vectors) -> NDArray[np.float64]:
    return np.array([float(entry) for row in rows for entry in row])


def _shift_and_slopes(
    slopes: list[Vectors], multiplier: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return rows, columns and values of the matrix of x_(k+1) - A_k x_k with x_p = μ x_0."""
    p, d = len(slopes), len(slopes[0])
    n = p * d
    line = np.arange(n)
    block_row = np.repeat(line, d)
    block_column = np.broadcast_to(np.arange(n).reshape(p, 1, d), (p, d, d)).ravel()
    values = np.array([-float(entry) for A in slopes for row in A for entry in row])
    shift = np.ones(n)
    shift[n - d :] = multiplier
    return (
        np.concatenate([block_row, line]),
        np.concatenate([block_column, (line + d) % n]),
        np.concatenate([values, shift]),
    )
