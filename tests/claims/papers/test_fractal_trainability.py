"""Rates that train, pixel by pixel, against training of the paper's own weights."""

import numpy as np
import pytest

from dynsys_gd.claims import Instance
from dynsys_gd.claims.papers import fractal_trainability as study
from dynsys_gd.ensembles.budget import Budget

SETTINGS = study.Settings()
RATES = np.array([[-0.5, 0.0], [1.0, 0.5], [0.0, 1.4], [2.5, 2.0], [3.5, 0.2], [0.9, 1.1]])


def instance(F):
    law = study._law(F, SETTINGS)
    return Instance(F=F, region=law, seed=3, starts=1, budget=Budget())


def losses_of_the_paper(W, X, y, rates, phi, slope):
    """Losses mean (f - y)² before each step, for f = φ(x W_1 c/√w) W_2 / w and rates of W."""
    W, w, seen = [part.copy() for part in W], X.shape[1], []
    gain = np.sqrt(2 / w) if slope is not None else np.sqrt(1 / w)
    for _ in range(SETTINGS.steps):
        z = gain * X @ W[0]
        hidden = phi(z)
        error = hidden @ W[1] / w - y
        seen.append(np.mean(error**2))
        back = 2 * error / len(X)
        inner = (back @ W[1].T / w) * (slope(z) if slope is not None else 1)
        W[1] = W[1] - rates[1] * hidden.T @ back / w
        W[0] = W[0] - rates[0] * gain * X.T @ inner
    return np.array(seen)


@pytest.mark.parametrize("kind", ["tanh", "linear"])
def test_labels_are_those_of_the_papers_scaling(kind):
    s = SETTINGS
    if kind == "tanh":
        F, gain = study._tanh_network(0, s), np.sqrt(2 / s.width)
        phi, slope = np.tanh, lambda z: 1 - np.tanh(z) ** 2
    else:
        F, gain = study._linear_network(0, s, s.samples), np.sqrt(1 / s.width)
        phi, slope = (lambda z: z), None
    case = instance(F)
    start = case.region.sample(1, rng=case.rng("start"))[0]
    first = start[: s.width**2].reshape(s.width, s.width).T / gain
    second = start[s.width**2 :, None] * s.width
    X, y = F.loss.X, F.loss.Y
    expected = []
    for logarithms in RATES:
        with np.errstate(all="ignore"):
            seen = losses_of_the_paper((first, second), X, y, 10.0**logarithms, phi, slope)
            last = seen[-s.averaged :] / seen[0]
        expected.append(np.where(last < s.cap, last, s.cap).mean() < 1)
    labels = study._rates_that_train(case, s)(RATES)
    assert labels.tolist() == expected
    assert 0 < sum(expected) < len(expected)


def test_edges_are_squares_with_both_labels():
    labels = np.array([[0, 0, 0], [0, 1, 1], [0, 1, 1]], dtype=np.int32)
    assert study._edges(labels).tolist() == [[True, True], [True, False]]


def test_the_smaller_square_is_about_an_edge():
    edges = np.zeros((10, 10), dtype=bool)
    edges[2, 7] = True  # second rate, first rate
    box = study._smaller_square(edges, SETTINGS)
    middle = (np.array(box.low) + np.array(box.high)) / 2
    np.testing.assert_allclose(middle, [-1 + 5 * 0.75, -1 + 5 * 0.25])
    np.testing.assert_allclose(np.subtract(box.high, box.low), 5 / SETTINGS.shrunk)


def test_the_boundary_of_a_quadratic_loss_is_where_an_eigenvalue_is_two():
    # One rate for all weights: training of V x converges up to 2 over the largest eigenvalue.
    s = SETTINGS
    F = study._linear_model(0, s)
    X = F.loss.X
    edge = np.log10(2 / np.linalg.eigvalsh(2 * X.T @ X / len(X))[-1])
    trains = study._rates_that_train(instance(F), s)
    logarithms = np.repeat([[edge - 0.1], [edge + 0.1]], 2, axis=1)
    assert trains(logarithms).tolist() == [1, 0]
