"""What a certificate of measure holds: nouns, and the plain data of its file."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FORMAT",
    "VERSION",
    "Bounded",
    "CellList",
    "Content",
    "GivenBarrier",
    "GivenBlock",
    "GivenCore",
    "GivenEscape",
    "GivenForm",
    "GivenIdentity",
    "GivenMap",
    "Goal",
    "Reason",
    "Rule",
    "Theorem",
]

FORMAT = "dynsys_gd certificate of measure"
VERSION = 1

Matrix = tuple[tuple[float, ...], ...]


class Rule(Enum):
    """How the map follows from the loss."""

    GRADIENT_DESCENT = "GradientDescent"
    HEAVY_BALL = "HeavyBall"
    NESTEROV = "Nesterov"
    SYMBOLIC = "SymbolicMap"


class Goal(Enum):
    """What an orbit has to converge to."""

    MINIMA = "minima"
    FIXED_POINTS = "fixed_points"


class Reason(IntEnum):
    """By which lemma the outcomes of a cell are known."""

    CORE = 0
    TUBE = 1
    ESCAPE = 2
    IMAGE = 3
    TRAP = 4
    REPELLED = 5
    BLOCK = 6


@dataclass(frozen=True, kw_only=True)
class GivenMap:
    """The map: its rule with the numbers in it, and the images F_i(x) as text.

    Parameters
    ----------
    rule : Rule
    variables : tuple of d str
        Coordinates of the state; under momentum those of the loss come first, then the previous.
    loss : str or None
    step_size, momentum : Fraction or None
        None where the rule has no such number.
    images : tuple of d str
    """

    rule: Rule
    variables: tuple[str, ...]
    loss: str | None
    step_size: Fraction | None
    momentum: Fraction | None
    images: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GivenCore:
    """A set {z : |P^-1 (z - c)| <= radius} that is claimed to contract to a fixed point."""

    centre: tuple[float, ...]
    frame: Matrix
    radius: float
    outcome: int


@dataclass(frozen=True, kw_only=True)
class GivenForm:
    """F(x) - x = -s A(x) h(x), with s the step size of gradient descent and 1 for other rules."""

    equations: tuple[str, ...]
    factors: tuple[tuple[str, ...], ...]
    outcome: int


@dataclass(frozen=True, kw_only=True)
class GivenBlock:
    """A box in which the first `unstable` columns of a frame are claimed to be expanded."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    frame: Matrix
    unstable: int


@dataclass(frozen=True, kw_only=True)
class GivenIdentity:
    """A polynomial claimed to be alpha P + sum of beta_j g_j + gamma, alpha >= 0 and gamma > 0."""

    alpha: Fraction
    beta: tuple[str, ...]
    gamma: Fraction


@dataclass(frozen=True, kw_only=True)
class GivenBarrier:
    """A polynomial P with P(F(x)) = (least + root²) P(x), least > 0, under gradient descent.

    Parameters
    ----------
    function, root : str
    least : Fraction
    form : int
        Number of a form with one equation h.
    steep : GivenIdentity
        Of tr(Jh A) - 2/η, by P and h.
    regular : GivenIdentity
        Of 0, by P and the entries of A, with alpha > 0.
    """

    function: str
    root: str
    least: Fraction
    form: int
    steep: GivenIdentity
    regular: GivenIdentity


@dataclass(frozen=True, kw_only=True)
class GivenEscape:
    """A set that orbits are claimed not to leave, and in which almost none converges.

    Parameters
    ----------
    kind : str
        "orthants": |x_i| >= R for all i, with signs among `signs`; "far": |x_i| >= R for some i;
        "barrier": P > 0.
    radius : Fraction
        0 for a barrier.
    signs : tuple of tuples of d int
        Each 1 or -1; empty for the other kinds.
    barrier : GivenBarrier or None
    """

    kind: str
    radius: Fraction
    signs: tuple[tuple[int, ...], ...] = ()
    barrier: GivenBarrier | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class CellList:
    """The cells: arrays with one row each.

    Parameters
    ----------
    level : ndarray of int8, shape (N,)
    place : ndarray of int64, shape (N, d)
    mask : ndarray of uint16, shape (N,)
        Bit j says that outcome j is possible.
    why : ndarray of uint8, shape (N,)
    which : ndarray of int32, shape (N,)
        The number of the core, form, escape or block; the number of steps for images and for
        traps without a room.
    room : ndarray of float64, shape (N,)
        The room R of tubes, repelled cells and of traps that are repelled, else 0.
    stage : ndarray of int32, shape (N,)
    """

    level: NDArray[np.int8]
    place: NDArray[np.int64]
    mask: NDArray[np.uint16]
    why: NDArray[np.uint8]
    which: NDArray[np.int32]
    room: NDArray[np.float64]
    stage: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.level)

    def to_dict(self) -> dict[str, Any]:
        """Return the arrays as text."""
        packed = {
            name: _packed(np.ascontiguousarray(getattr(self, name), dtype=kind))
            for name, kind in CELL_KINDS.items()
        }
        return {"n": len(self), **packed}


CELL_KINDS: dict[str, np.dtype[Any]] = {
    "level": np.dtype("<i1"),
    "place": np.dtype("<i8"),
    "mask": np.dtype("<u2"),
    "why": np.dtype("<u1"),
    "which": np.dtype("<i4"),
    "room": np.dtype("<f8"),
    "stage": np.dtype("<i4"),
}


@dataclass(frozen=True, kw_only=True)
class Bounded:
    """Between `lower` and `upper` of the region's volume converges to the target.

    Parameters
    ----------
    lower, upper : Fraction
        Shares of the volume.
    by_outcome : tuple of (str, Fraction, Fraction)
        The same for single outcomes, by name.
    """

    lower: Fraction
    upper: Fraction
    by_outcome: tuple[tuple[str, Fraction, Fraction], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Theorem:
    """Almost every point of a box converges to the target; `statement` says so in words."""

    low: tuple[Fraction, ...]
    high: tuple[Fraction, ...]
    statement: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Content:
    """Everything in the file of a certificate.

    Parameters
    ----------
    map : GivenMap
    low, high : tuple of d Fraction
        Corners of the region.
    target : Goal
    regular_at : tuple of d Fraction or None
        A point at which det DF is claimed not to be zero.
    outcomes : tuple of str
        Names; number 0 is "not", for orbits that do not converge to the target.
    cores, forms, blocks, escapes : tuples
    cells : CellList
    claim : Bounded or Theorem
    """

    map: GivenMap
    low: tuple[Fraction, ...]
    high: tuple[Fraction, ...]
    target: Goal
    regular_at: tuple[Fraction, ...] | None
    outcomes: tuple[str, ...]
    cores: tuple[GivenCore, ...]
    forms: tuple[GivenForm, ...]
    blocks: tuple[GivenBlock, ...]
    escapes: tuple[GivenEscape, ...]
    cells: CellList
    claim: Bounded | Theorem

    @property
    def dimension(self) -> int:
        """Number d of coordinates."""
        return len(self.map.variables)

    def to_dict(self) -> dict[str, Any]:
        """Return the plain data that the file holds; ``json.dumps`` accepts them."""
        given = self.map
        return {
            "format": FORMAT,
            "version": VERSION,
            "map": {
                "rule": given.rule.value,
                "variables": list(given.variables),
                "loss": given.loss,
                "step_size": _text(given.step_size),
                "momentum": _text(given.momentum),
                "images": list(given.images),
            },
            "region": {"low": _texts(self.low), "high": _texts(self.high)},
            "target": self.target.value,
            "regular_at": None if self.regular_at is None else _texts(self.regular_at),
            "outcomes": list(self.outcomes),
            "cores": [
                {
                    "centre": _hex(core.centre),
                    "frame": [_hex(row) for row in core.frame],
                    "radius": core.radius.hex(),
                    "outcome": core.outcome,
                }
                for core in self.cores
            ],
            "forms": [
                {
                    "equations": list(form.equations),
                    "factors": [list(row) for row in form.factors],
                    "outcome": form.outcome,
                }
                for form in self.forms
            ],
            "blocks": [
                {
                    "lower": _hex(block.lower),
                    "upper": _hex(block.upper),
                    "frame": [_hex(row) for row in block.frame],
                    "unstable": block.unstable,
                }
                for block in self.blocks
            ],
            "escapes": [_escape(escape) for escape in self.escapes],
            "cells": self.cells.to_dict(),
            "claim": _claim(self.claim),
        }


def _escape(escape: GivenEscape) -> dict[str, Any]:
    barrier = escape.barrier
    return {
        "kind": escape.kind,
        "radius": str(escape.radius),
        "signs": [list(signs) for signs in escape.signs],
        "barrier": None
        if barrier is None
        else {
            "function": barrier.function,
            "root": barrier.root,
            "least": str(barrier.least),
            "form": barrier.form,
            "steep": _identity(barrier.steep),
            "regular": _identity(barrier.regular),
        },
    }


def _identity(identity: GivenIdentity) -> dict[str, Any]:
    return {
        "alpha": str(identity.alpha),
        "beta": list(identity.beta),
        "gamma": str(identity.gamma),
    }


def _claim(claim: Bounded | Theorem) -> dict[str, Any]:
    if isinstance(claim, Theorem):
        box = {"low": _texts(claim.low), "high": _texts(claim.high)}
        return {"box": box, "statement": claim.statement}
    by_outcome = {name: _texts((low, high)) for name, low, high in claim.by_outcome}
    return {"lower": _text(claim.lower), "upper": _text(claim.upper), "by_outcome": by_outcome}


def _text(number: Fraction | None) -> str | None:
    return None if number is None else str(number)


def _texts(numbers: tuple[Fraction, ...]) -> list[str]:
    return [str(number) for number in numbers]


def _hex(numbers: tuple[float, ...]) -> list[str]:
    return [float(number).hex() for number in numbers]


def _packed(array: NDArray[Any]) -> str:
    return base64.b64encode(zlib.compress(array.tobytes(), 9)).decode("ascii")
