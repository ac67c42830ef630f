"""The faces of parallelepipeds that hold images: half-spaces against which cells are tested."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..orbits.certified.outward import Bounds, raised
from .images import Images

__all__ = ["Faces", "faces_of"]


@dataclass(frozen=True, eq=False)
class Faces:
    """Bounds |n·(z - c)| <= r of the points z of images, for d directions n.

    Parameters
    ----------
    normals : ndarray, shape (f, d, n)
        NaN where there is no such direction.
    radii : ndarray, shape (f, n)
        Infinite where nothing is known.
    """

    normals: Bounds
    radii: Bounds


def faces_of(images: Images) -> Faces:
    """Return the faces of the parallelepipeds of images; none in one dimension."""
    linear = images.linear
    d, n = images.centre.shape
    if d == 1:
        return Faces(np.empty((0, 1, n)), np.empty((0, n)))
    with np.errstate(all="ignore"):
        normals = _normals(linear)
        normals = normals / np.abs(normals).max(axis=1, keepdims=True)
        sizes = np.abs(normals)
        # n·A in floats: what is lost to rounding is below 2^-49 of the sum of sizes.
        along = np.abs(np.einsum("fkn,kin->fin", normals, linear)).sum(axis=1)
        lost = np.einsum("fkn,kin->fn", sizes, np.abs(linear)) * 2.0**-49
        radii = raised(along + lost + (sizes * images.error).sum(axis=1), d * d + 2 * d + 6)
    usable = images.sheared & np.isfinite(radii)
    return Faces(normals, np.where(usable, radii, np.inf))


def _normals(linear: Bounds) -> Bounds:
    d = len(linear)
    if d == 2:
        return np.stack([np.stack([-linear[1, i], linear[0, i]]) for i in range(2)])
    if d == 3:
        columns = linear.transpose(1, 0, 2)
        return np.stack([np.cross(columns[i - 2], columns[i - 1], axis=0) for i in range(3)])
    finite = np.where(np.isfinite(linear), linear, 0.0)
    return np.asarray(np.linalg.pinv(finite.transpose(2, 0, 1)).transpose(1, 2, 0))
