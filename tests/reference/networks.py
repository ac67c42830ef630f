"""Random linear networks for the tests of thresholds: deep, not white, noisy, some deficient."""

import numpy as np

from dynsys_gd.losses.linear_network import LinearNetwork


def random_network(seed):
    """Return a network of depth 2 to 5 with widths at least the rank, on 20 noisy samples.

    Every third one has linearly dependent inputs, every third one cond(Σ) of about 10³.
    """
    rng = np.random.default_rng([20240213, seed])
    depth = 2 + seed % 4
    widest = 4 if depth <= 3 else 3  # the brute-force twin is slow for more parameters
    dx, dy = int(rng.integers(2, widest + 1)), int(rng.integers(1, 4))
    narrowest = min(dx, dy)
    hidden = [narrowest + int(rng.integers(0, 2)) for _ in range(depth - 1)]
    X = rng.standard_normal((20, dx))
    if seed % 3 == 1 and dx > 2:
        # Whole multiples of 2^-20, so that the dependence survives rounding.
        X = np.round(X * 2**20) / 2**20
        X[:, -1] = X[:, 0] - 2 * X[:, 1]
    elif seed % 3 == 2:
        X = X * np.logspace(0, -1.5, dx)
    Y = X @ rng.standard_normal((dx, dy)) + 0.1 * rng.standard_normal((20, dy))
    return LinearNetwork((dx, *hidden, dy), X, Y)
