"""Products of the Hessian at given points with directions that come one after the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .machine.compiler import Program
from .machine.cpu import processor
from .machine.hessian_product import HessianProductCode
from .machine.lane_loops import address
from .machine.writer import Module
from .sharpness import addresses, aligned, rows_of_tiles, tiles_of

__all__ = ["hessian_operator"]

Array = NDArray[np.float64]


def hessian_operator(
    product: HessianProductCode, data: Array, points: Array
) -> Callable[[Array], Array]:
    """Return v -> H(x) v for each row x of `points`, on lanes.

    Parameters
    ----------
    product : HessianProductCode
    data : ndarray
        What the code reads.
    points : ndarray, shape (n, d)

    Returns
    -------
    callable
        Takes and returns arrays of shape (n, d).
    """
    host = processor()
    if host is None:
        raise RuntimeError("machine code is not available here; use whole Hessians")
    lanes = product.lanes(host)
    run = _program(product, lanes, host.fused).function("hessian_products", 5)
    places, numbers, n = tiles_of(points, lanes), aligned(data), len(points)
    images = tiles_of(np.zeros_like(points), lanes)

    def multiply(directions: Array) -> Array:
        along = tiles_of(np.asarray(directions, dtype=np.float64), lanes)
        run(*addresses((places, along, images, numbers)), len(places))
        return rows_of_tiles(images, n).copy()

    return multiply


@lru_cache(maxsize=32)
def _program(product: HessianProductCode, lanes: int, fused: bool) -> Program:
    module = Module(lanes=lanes, fused=fused)
    product.write(module)
    tiles = [("ptr", name) for name in ("points", "directions", "products")]
    arguments = [*tiles, ("ptr", "data"), ("i64", "tiles")]
    f = module.function("hessian_products", arguments, exported=True)
    with f.loop("%tiles") as tile:
        here = [address(f, f"%{name}", 0, (tile, product.dimension * lanes)) for _, name in tiles]
        f.call("hessian_product", *(("ptr", place) for place in [*here, "%data"]))
    f.give()
    return Program(module)
