"""The base of every result: a readable repr, HTML, a picture, plain data, citations."""

from __future__ import annotations

import html
import importlib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import sympy as sp

from .errors import shortened
from .evidence import Evidence

__all__ = ["Result", "bibliography", "plain"]

_MOST_LINES = 12


class Result:
    """What every result can do. Subclasses are frozen dataclasses and fill in four small hooks.

    A subclass gives `headline` (one sentence) and may give `rows` (label and text pairs),
    `latex` (a formula) and `sources` (keys into ``references.bib``).
    """

    evidence: Evidence

    def headline(self) -> str:
        """Return the one sentence that says what came out."""
        return type(self).__name__

    def rows(self) -> Iterable[tuple[str, str]]:
        """Return label and text pairs, most important first."""
        return ()

    def latex(self) -> str | None:
        """Return a formula (without dollar signs), or None where the result is not one."""
        return None

    def sources(self) -> tuple[str, ...]:
        """Return the keys of the literature behind this result."""
        return self.evidence.sources

    def plot(self, ax: Any = None, **style: Any) -> Any:
        """Draw the result; return the matplotlib axes. `style` goes to matplotlib."""
        return importlib.import_module("dynsys_gd.plots").draw(self, ax=ax, **style)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data that ``json.dumps`` accepts."""
        return {
            "type": type(self).__name__,
            "summary": self.headline(),
            "grade": self.evidence.grade.value,
            "reason": self.evidence.reason,
        }

    def cite(self) -> str:
        """Return the BibTeX entries of the sources behind this result."""
        entries = bibliography()
        return "\n\n".join(entries[key] for key in self.sources())

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        # Arrays arrive writeable from another process and from a deep copy.
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __repr__(self) -> str:
        lines = [self.headline()]
        lines += [f"  {label}: {text}" for label, text in self.rows()]
        if len(lines) > _MOST_LINES:
            hidden = len(lines) - (_MOST_LINES - 1)
            lines = [*lines[: _MOST_LINES - 1], f"  … {hidden} more lines in .rows()"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th>"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for label, text in self.rows()
        )
        return f"<p><b>{html.escape(self.headline())}</b></p><table>{cells}</table>"

    def _repr_latex_(self) -> str | None:
        formula = self.latex()
        return None if formula is None else f"$\\displaystyle {formula}$"


def plain(value: Any) -> Any:
    """Return `value` as numbers, text, lists and dicts only.

    Examples
    --------
    >>> plain({"x": np.float64(0.5), "roots": (sp.sqrt(2), np.array([1, 2]))})
    {'x': 0.5, 'roots': ['sqrt(2)', [1, 2]]}
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, sp.Basic):
        return str(value)
    if isinstance(value, Result):
        return value.to_dict()
    return shortened(value)


@lru_cache(maxsize=1)
def bibliography() -> dict[str, str]:
    """Return the BibTeX entry of every key in ``references.bib``."""
    text = resources.files("dynsys_gd").joinpath("references.bib").read_text(encoding="utf-8")
    entries: dict[str, str] = {}
    for block in text.split("\n@")[0:]:
        body = block.strip().lstrip("@")
        if "{" not in body:
            continue
        key = body.split("{", 1)[1].split(",", 1)[0].strip()
        entries[key] = "@" + body
    return entries
