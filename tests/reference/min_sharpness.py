"""The smallest sharpness of a linear network by brute minimisation over its global minima.

A slow twin that knows nothing of the closed formula: all layers are free, the minima are the
constraint W_N…W_1 S = ŴS, and a soft maximum of the non-zero Hessian eigenvalues is minimised by
sequential quadratic programming while its temperature falls. Works on floats from the samples
themselves and reaches about 1e-14.
"""

import numpy as np
import scipy.optimize

TEMPERATURES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)


def smallest_sharpness(net, rng):
    """Return the smallest sharpness found from one random start, and the constraint violation."""
    left, sizes, right = np.linalg.svd(net.X / np.sqrt(net.n_samples), full_matrices=False)
    rank = int(np.sum(sizes > 1e-10 * sizes[0]))
    root = right[:rank].T * sizes[:rank]  # S in coordinates of its range, (dx, r)
    target = (net.Y / np.sqrt(net.n_samples)).T @ left[:, :rank]  # ŴS
    ends = np.cumsum([rows * columns for rows, columns in net.shapes])

    def layers(x):
        parts = np.split(x, ends[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, net.shapes, strict=True)]

    def violation(x):
        product = root
        for layer in layers(x):
            product = layer @ product
        return (product - target).ravel()

    def violation_slope(x):
        above, below = partial_products(layers(x), root)
        blocks = [np.einsum("ai,jb->abij", a, b) for a, b in zip(above, below, strict=True)]
        return np.concatenate([block.reshape(target.size, -1) for block in blocks], axis=1)

    x = 0.7 * rng.standard_normal(net.dimension)
    while np.abs(violation(x)).max() > 1e-13:
        x = x - np.linalg.lstsq(violation_slope(x), violation(x), rcond=None)[0]
    constraint = {"type": "eq", "fun": violation, "jac": violation_slope}
    for temperature in TEMPERATURES:
        scale = soft_maximum(layers(x), root, 1.0)[0]

        def objective(x, temperature=temperature, scale=scale):
            _, value, slopes = soft_maximum(layers(x), root, temperature * scale)
            return value / scale, np.concatenate([slope.ravel() for slope in slopes]) / scale

        x = scipy.optimize.minimize(
            objective,
            x,
            jac=True,
            method="SLSQP",
            constraints=constraint,
            options={"maxiter": 300, "ftol": 1e-16},
        ).x
    return soft_maximum(layers(x), root, 1.0)[0], float(np.abs(violation(x)).max())


def partial_products(layers, root):
    """Return A_i = W_N…W_{i+1} and B_i S = W_{i-1}…W_1 S."""
    above, below = [np.eye(layers[-1].shape[0])], [root]
    for layer in layers[:0:-1]:
        above.append(above[-1] @ layer)
    for layer in layers[:-1]:
        below.append(layer @ below[-1])
    return above[::-1], below


def soft_maximum(layers, root, temperature):
    """Return the largest eigenvalue of Σ A_iA_iᵀ ⊗ S B_iᵀB_i S, its soft maximum and the slopes."""
    above, below = partial_products(layers, root)
    dy, r = above[-1].shape[0], root.shape[1]
    pairs = list(zip(above, below, strict=True))
    total = sum(np.einsum("ac,bd->abcd", a @ a.T, b.T @ b) for a, b in pairs)
    values, vectors = np.linalg.eigh(total.reshape(dy * r, dy * r))
    weights = np.exp((values - values[-1]) / temperature)
    soft = values[-1] + temperature * np.log(weights.sum())
    density = ((vectors * (weights / weights.sum())) @ vectors.T).reshape(dy, r, dy, r)
    for_above = [2 * np.einsum("abcd,bd->ac", density, b.T @ b) @ a for a, b in pairs]
    for_below = [2 * b @ np.einsum("abcd,ac->bd", density, a @ a.T) for a, b in pairs]
    slopes = [np.zeros_like(layer) for layer in layers]
    carried = for_above[0]
    for i in range(len(layers) - 1):
        slopes[i + 1] += above[i + 1].T @ carried
        carried = carried @ layers[i + 1].T + for_above[i + 1]
    carried = for_below[-1]
    for i in range(len(layers) - 1, 0, -1):
        slopes[i - 1] += carried @ below[i - 1].T
        carried = layers[i - 1].T @ carried + for_below[i - 1]
    return values[-1], soft, slopes
