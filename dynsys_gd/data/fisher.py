"""Fisher's iris measurements, shipped with the package."""

from __future__ import annotations

import csv
from importlib import resources

import numpy as np
from numpy.typing import NDArray

__all__ = ["iris"]

_SPECIES = ("setosa", "versicolor", "virginica")


def iris() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the iris measurements X and the species Y.

    Returns
    -------
    X : ndarray, shape (150, 4)
        Sepal length, sepal width, petal length and petal width in centimetres.
    Y : ndarray, shape (150, 3)
        One-hot: setosa, versicolor, virginica, 50 flowers each.

    Notes
    -----
    The numbers are those printed in Fisher's paper, as scikit-learn (from 0.20 on) and R ship
    them. The copy in the UCI repository differs in rows 35 and 38 (counted from 1): the fourth
    entry of row 35 and the second and third of row 38 are misprinted there.

    References
    ----------
    Fisher [fisher1936use]_, table I; measured by E. Anderson.

    Examples
    --------
    >>> X, Y = iris()
    >>> X.shape, Y.shape, Y.sum(axis=0).tolist()
    ((150, 4), (150, 3), [50.0, 50.0, 50.0])
    """
    text = resources.files("dynsys_gd.data").joinpath("iris.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines()))[1:]
    X = np.array([row[:4] for row in rows], dtype=np.float64)
    Y = np.array([[row[4] == species for species in _SPECIES] for row in rows], dtype=np.float64)
    return X, Y
