"""Handwritten digits, 8 × 8 pixels, shipped with the package."""

from __future__ import annotations

import gzip
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput

__all__ = ["digits"]

_IMAGES = 1797
_BLACK = 16.0  # the largest count of dark pixels in a block of 4 × 4
_CLASSES = 10


def digits(n: int | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return small images X of handwritten digits and the digits Y.

    Parameters
    ----------
    n : int, optional
        Only the first `n` of the 1797 images; the digits come in mixed order.

    Returns
    -------
    X : ndarray, shape (n, 64)
        Images row by row, 0 for a white pixel to 1 for a black one, in steps of 1/16.
    Y : ndarray, shape (n, 10)
        One-hot: 0 to 9.

    Raises
    ------
    InvalidInput
        For a number of images that is not from 1 to 1797.

    Notes
    -----
    These are the 1797 images of the test part of "Optical Recognition of Handwritten Digits", in
    the order and with the values in which scikit-learn ships them as ``load_digits``, divided by
    16. Each value counts the dark pixels in a block of 4 × 4 of a scan of 32 × 32. Three of the 64
    pixels are white in all images.

    The data are the work of E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, licensed
    under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/); the values are divided by 16
    and the digits written one-hot here.

    References
    ----------
    Alpaydin and Kaynak [alpaydin1998optical]_.

    Examples
    --------
    >>> X, Y = digits(100)
    >>> X.shape, Y.shape, Y[:4].argmax(axis=1).tolist()
    ((100, 64), (100, 10), [0, 1, 2, 3])
    """
    count = _IMAGES if n is None else n
    whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
    if not whole or not 1 <= count <= _IMAGES:
        raise InvalidInput("n", n, f"a whole number from 1 to {_IMAGES}, or None for all images")
    file = resources.files("dynsys_gd.data").joinpath("digits.csv.gz")
    lines = gzip.decompress(file.read_bytes()).decode("ascii").splitlines()[1 : count + 1]
    table = np.array([line.split(",") for line in lines], dtype=np.float64)
    return table[:, :-1] / _BLACK, np.eye(_CLASSES)[table[:, -1].astype(int)]
