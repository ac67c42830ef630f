"""The words on pictures: axis labels, settings of a map, titles that fit."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from ..maps.base import Map
from .style import RC

__all__ = [
    "count",
    "formula",
    "inches_of",
    "label_axes",
    "on_the_map",
    "settings_of",
    "symbol_of",
    "title",
    "wrapped",
]

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_GREEK = {"step_size": "η", "momentum": "β"}
_LETTERS = {"eta": "η", "beta": "β", "theta": "θ"}
_SHORT = 9
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
        f"{_GREEK.get(name, _LETTERS.get(name, name.replace('_', ' ')))} = {_number(value)}"
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
    >>> formula("(x*y - 1)**2/2 + 3*x**10"), formula("-2*eta*(-x)")
    ('(x·y − 1)²/2 + 3·x¹⁰', '−2·η·(−x)')
    """
    named = re.sub(r"\b(eta|beta|theta)\b", lambda m: _LETTERS[m[1]], text)
    raised = re.sub(r"\*\*(\d+)", lambda m: m[1].translate(_SUPERSCRIPTS), named)
    signs = raised.replace("*", "·").replace(" - ", " − ").replace(" -> ", " → ")
    signs = re.sub(r"(?<!\S)-(?=[\w(])|(?<=\()-(?=[\w(])", "−", signs)
    return signs.replace(",)", ")")


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
    whole = sentence.replace(" = ", _EQUALS)  # a value stays on the line of its name
    lines = wrapped(whole, max(2.0, inches_of(ax)[0]), size=RC["axes.titlesize"])
    ax.set_title("\n".join(lines).replace(_EQUALS, " = "), loc="left")


def wrapped(
    text: str, inches: float, *, size: float, weight: str = "normal", italic: bool = False
) -> list[str]:
    """Return the lines of a text that is set in a given width, by the widths of its letters.

    Examples
    --------
    >>> wrapped("one two three", 0.7, size=9)
    ['one two', 'three']
    """
    font = FontProperties(size=size, weight=weight, style="italic" if italic else "normal")

    def fits(line: str) -> bool:
        return _points_wide(line, font) <= 72 * inches

    lines: list[str] = []
    for word in filter(None, text.split(" ")):
        rest = word
        if lines and fits(f"{lines[-1]} {word}"):
            lines[-1] += f" {word}"
            continue
        while not fits(rest) and len(rest) > 1:  # longer than a whole line
            cut = next(k for k in range(len(rest) - 1, 0, -1) if k == 1 or fits(rest[:k]))
            lines.append(rest[:cut])
            rest = rest[cut:]
        lines.append(rest)
    return lines or [""]


def inches_of(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes in inches, before any layout."""
    extent, dots = ax.get_window_extent(), ax.figure.dpi
    return float(extent.width / dots), float(extent.height / dots)


def label_axes(ax: Axes, names: tuple[str, ...]) -> None:
    """Label the first two coordinates."""
    ax.set_xlabel(symbol_of(names[0]))
    if len(names) > 1:
        ax.set_ylabel(symbol_of(names[1]))


def _points_wide(line: str, font: FontProperties) -> float:
    return float(text_to_path.get_text_width_height_descent(line, font, False)[0])


def _number(value: Any) -> str:
    """Return a number as it is where that is short, else to six digits."""
    text = str(value)
    short = len(text) <= _SHORT and not sp.sympify(value).has(sp.Float)
    return text if short else f"{float(value):.6g}"
