"""The words on pictures: axis labels, settings of a map, titles that fit."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import sympy as sp
from matplotlib.axes import Axes

from ..maps.base import Map

__all__ = [
    "count",
    "formula",
    "inches_of",
    "label_axes",
    "on_the_map",
    "settings_of",
    "symbol_of",
    "title",
]

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_GREEK = {"step_size": "η", "momentum": "β"}
_CHARACTERS_PER_INCH = 13.5
_EQUALS = "\u00a0=\u00a0"


def symbol_of(name: str) -> str:
    """Return a coordinate name as mathematics.

    Examples
    --------
    >>> symbol_of("w1"), symbol_of("eta")
    ('$w_{1}$', '$\\\\eta$')
    """
    return f"${sp.latex(sp.Symbol(name))}$"


def settings_of(F: Map) -> str:
    """Return the settings of a map that have a value, such as ``η = 1/2``.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> print(settings_of(GradientDescent(Loss(x**2, [x]), step_size="1/3")))
    η = 1/3
    """
    settings = getattr(F, "settings", None) or dict(getattr(F, "values", ()))
    return ", ".join(
        f"{_GREEK.get(name, name.replace('_', ' '))} = {_number(value)}"
        for name, value in settings.items()
        if sp.sympify(value).is_number
    )


def on_the_map(F: Map) -> str:
    """Return what was iterated, short enough for a title."""
    settings = settings_of(F)
    return f" at {settings}" if settings else ""


def formula(text: str) -> str:
    """Return a formula as text the way it is written by hand.

    Examples
    --------
    >>> formula("(x*y - 1)**2/2 + 3*x**10")
    '(x·y − 1)²/2 + 3·x¹⁰'
    """
    raised = re.sub(r"\*\*(\d+)", lambda m: m[1].translate(_SUPERSCRIPTS), text)
    return raised.replace("*", "·").replace(" - ", " − ").replace(",)", ")")


def count(n: int) -> str:
    """Return a count with thin spaces between thousands.

    Examples
    --------
    >>> count(160000)
    '160\\u2009000'
    """
    return f"{n:,}".replace(",", "\u2009")


def title(ax: Axes, sentence: str) -> None:
    """Set a title, broken so that it fits the width of the axes."""
    width = max(24, int(inches_of(ax)[0] * _CHARACTERS_PER_INCH))
    whole = sentence.replace(" = ", _EQUALS)  # a value stays on the line of its name
    lines = textwrap.wrap(whole, width)
    ax.set_title("\n".join(lines).replace(_EQUALS, " = "), loc="left")


def inches_of(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes in inches, before any layout."""
    extent, dots = ax.get_window_extent(), ax.figure.dpi
    return float(extent.width / dots), float(extent.height / dots)


def label_axes(ax: Axes, names: tuple[str, ...]) -> None:
    """Label the first two coordinates."""
    ax.set_xlabel(symbol_of(names[0]))
    if len(names) > 1:
        ax.set_ylabel(symbol_of(names[1]))


def _number(value: Any) -> str:
    if isinstance(value, sp.Basic) and value.is_number and value.has(sp.Float):
        return f"{float(value):.6g}"
    return str(value)
