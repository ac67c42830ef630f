"""What is drawn of a state: a coordinate, the loss, or any expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.numpy_printer import numpy_function
from ...engine.rewrite import stable
from ...engine.tape import lower
from ...errors import InvalidInput
from ...losses.base import AbstractLoss
from ...maps.base import Map
from ...values import by_name

__all__ = ["Observable", "observable_of"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Observable:
    """A number that belongs to a state.

    Parameters
    ----------
    name : str
        For the axis of a picture.
    coordinate : int or None
        Its place in the state.
    expression : sympy.Expr or None
        In the coordinates of the map and its open parameters.
    loss : bool
        Whether it is the loss of a map whose loss is no expression.
    """

    name: str
    coordinate: int | None = None
    expression: sp.Expr | None = None
    loss: bool = False

    def of(self, F: Map, names: tuple[str, ...], grid: Array, points: Array) -> Array:
        """Return its values, shape (t, m, s), at states of shape (t, m, s, d)."""
        if self.coordinate is not None:
            return np.ascontiguousarray(points[..., self.coordinate])
        t, m, s, d = points.shape
        if self.expression is None:
            assert F.loss is not None
            values = np.empty((t, m, s))
            for k, row in enumerate(grid.tolist()):
                here = F.at(**dict(zip(names, row, strict=True)))
                assert here.loss is not None
                with np.errstate(all="ignore"):
                    flat = here.loss(here.project(points[:, k].reshape(-1, d)))
                values[:, k] = np.asarray(flat).reshape(t, s)
            return values
        known = by_name(self.expression.free_symbols, "observable")
        symbols = [known.get(name, sp.Dummy(name)) for name in (*F.names, *names)]
        function = numpy_function(lower([stable(self.expression)], symbols))
        shared = np.broadcast_to(grid[None, :, None, :], (t, m, s, len(names)))
        columns = np.concatenate([points, shared], axis=-1).reshape(t * m * s, -1).T
        with np.errstate(all="ignore"):
            return np.ascontiguousarray(function(columns, np.empty(0))[0].reshape(t, m, s))


def observable_of(F: Map, observable: Any) -> Observable:
    """Return what a user wants drawn, or refuse it.

    Parameters
    ----------
    F : Map
    observable : None, str, sympy expression, or the loss of `F`
        The first coordinate where None.
    """
    expected = (
        f"the name of a coordinate ({', '.join(F.names[:6])}{', …' * (len(F.names) > 6)}), "
        "an expression in coordinates and open parameters, or F.loss"
    )
    if observable is None:
        return Observable(name=F.names[0], coordinate=0)
    if isinstance(observable, str):
        if observable not in F.names:
            raise InvalidInput("observable", observable, expected)
        return Observable(name=observable, coordinate=F.names.index(observable))
    if isinstance(observable, AbstractLoss):
        if observable is not F.loss and observable != F.loss:
            raise InvalidInput("observable", observable.describe(), expected)
        form = observable.symbolic
        if form is None:
            return Observable(name="loss", loss=True)
        return Observable(name="loss", expression=form.bound)
    if not isinstance(observable, sp.Expr):
        raise InvalidInput("observable", observable, expected)
    if not by_name(observable.free_symbols, "observable").keys() <= {*F.names, *F.parameters}:
        raise InvalidInput("observable", observable, expected)
    return Observable(name=str(observable), expression=observable)
