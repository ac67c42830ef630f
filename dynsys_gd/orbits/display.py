"""How exact numbers, points and sets are shown: exactly where short, else in decimals."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..regions import Region

__all__ = [
    "bounds_text",
    "interval_text",
    "latex_value",
    "point_latex",
    "point_text",
    "region_text",
    "stable_latex",
    "value_text",
]

_LONGEST = 28


def value_text(value: sp.Expr) -> str:
    """Return an exact value as short text; roots of polynomials are shown in decimals.

    Examples
    --------
    >>> from sympy.abc import t
    >>> value_text(sp.sqrt(2) / 2), value_text(sp.CRootOf(t**3 - t - 1, 0))
    ('sqrt(2)/2', '1.32472…')
    """
    text = _plain(_readable(value))
    if len(text) <= _LONGEST or not value.is_number:
        return text
    return _decimal(value)


def _readable(value: sp.Basic) -> sp.Basic:
    """Return the value with every ``CRootOf`` in it replaced by its first digits."""
    roots = value.atoms(sp.CRootOf)
    if not roots:
        return value
    if value.is_number:
        return sp.Symbol(_decimal(value))
    return sp.N(value.xreplace({root: root.evalf(15) for root in roots}), 6)


def _plain(value: sp.Basic) -> str:
    forms = [sp.sstr(value, order="rev-lex"), sp.sstr(value)]
    text = next((form for form in forms if not form.startswith("-")), forms[1]).replace("**", "^")
    return re.sub(r"(\d)\.0(?!\d)", r"\1", text)


def _decimal(value: sp.Expr) -> str:
    number = complex(value.evalf(15))
    if number.imag:
        return f"{number.real:.6g}{number.imag:+.6g}i"
    return f"{number.real:.6g}…"


def point_text(point: NDArray[np.float64], exact: Sequence[sp.Expr] | None) -> str:
    """Return a point in brackets, exactly where that is short.

    Examples
    --------
    >>> point_text(np.array([0.5, 2.0]), (sp.Rational(1, 2), sp.Integer(2)))
    '(1/2, 2)'
    """
    if exact is None:
        entries = [f"{x:.6g}" for x in point]
    else:
        entries = [value_text(value) for value in exact]
    if len(entries) > 8:
        entries = [*entries[:6], "…"]
    return f"({', '.join(entries)})"


def point_latex(point: NDArray[np.float64], exact: Sequence[sp.Expr] | None) -> str:
    """Return a point as LaTeX."""
    if exact is None:
        entries = [f"{x:.6g}" for x in point]
    else:
        entries = [latex_value(value) for value in exact]
    return rf"\left({', '.join(entries)}\right)"


def latex_value(value: sp.Basic) -> str:
    """Return LaTeX with every ``CRootOf`` shown as a decimal."""
    if isinstance(value, sp.Expr) and value.is_number and value.has(sp.CRootOf):
        return _decimal(value).replace("…", r"\ldots")
    if isinstance(value, sp.Interval) and value.has(sp.CRootOf):
        return rf"\left({latex_value(value.start)}, {latex_value(value.end)}\right)"
    return sp.latex(_readable(value))


def stable_latex(stable: sp.Set | None, parameter: str | None) -> str:
    """Return the set of stable parameter values as LaTeX that goes on after a formula.

    Examples
    --------
    >>> print(stable_latex(sp.Interval.open(0, 2), "step_size"))
    ,\\quad \\text{stable for } \\eta \\in \\left(0, 2\\right)
    """
    if stable is None:
        return ""
    symbol = {None: r"\text{parameter}", "step_size": r"\eta"}
    name = symbol.get(parameter) or sp.latex(sp.Symbol(parameter))
    if stable is sp.S.EmptySet:
        return rf",\quad \text{{stable for no }} {name}"
    return rf",\quad \text{{stable for }} {name} \in {latex_value(stable)}"


def region_text(region: Region) -> str:
    """Return where orbits were looked for, to follow what was looked for.

    Examples
    --------
    >>> from dynsys_gd import Box
    >>> region_text(Box([-1], [2]))
    'in [-1, 2]'
    """
    text = region.describe()
    return text.removeprefix("uniform ") if text.startswith("uniform in") else f"(law: {text})"


def interval_text(stable: sp.Set, parameter: str) -> str:
    """Return a set of parameter values as inequalities.

    Examples
    --------
    >>> interval_text(sp.Interval.open(0, 2), "eta")
    '0 < eta < 2'
    """
    parameter = parameter.replace("_", " ")
    if stable is sp.S.EmptySet:
        return f"no {parameter}".strip()
    parts = stable.args if isinstance(stable, sp.Union) else (stable,)
    texts = []
    for part in parts:
        if not isinstance(part, sp.Interval):
            texts.append(str(part))
            continue
        low = "" if part.start == -sp.oo else f"{value_text(part.start)} < "
        high = "" if part.end == sp.oo else f" < {value_text(part.end)}"
        texts.append(f"{low}{parameter}{high}" if low or high else f"every {parameter}")
    return " or ".join(texts)


def bounds_text(lower: float, upper: float) -> str:
    """Return a number by the digits that its bounds agree on, or both bounds.

    Examples
    --------
    >>> bounds_text(0.33333333333, 0.33333333335), bounds_text(0.25, 0.25), bounds_text(1.0, 2.0)
    ('0.3333333333', '0.25', 'in [1, 2]')
    """
    if lower == upper:
        return f"{lower:.15g}"
    for digits in range(15, 3, -1):
        text = f"{lower:.{digits}g}"
        if text == f"{upper:.{digits}g}":
            return text
    return f"in [{lower:.6g}, {upper:.6g}]"
