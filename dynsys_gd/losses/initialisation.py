"""The laws from which networks are usually initialised."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..errors import InvalidInput
from ..regions import Box, Gaussian
from .linear_network import LinearNetwork
from .mlp import MLP

__all__ = ["fan_in_uniform", "he_normal", "xavier_normal"]


def fan_in_uniform(network: LinearNetwork | MLP, scale: float = 1.0) -> Box:
    """Return the law that is uniform on ±1/√fan_in, for the weights and biases of each layer.

    Parameters
    ----------
    network : LinearNetwork or MLP
    scale : float
        By which all are multiplied, above 0.

    Returns
    -------
    Box
        On the points of the network, fan_in the number of inputs of a layer.

    Raises
    ------
    InvalidInput
        For a loss that is no such network, or a scale that is not finite and positive.

    Notes
    -----
    PyTorch draws the parameters of ``torch.nn.Linear`` from it where nothing else is said.

    References
    ----------
    Glorot and Bengio [glorot2010understanding]_, equation 1, for the weights.

    Examples
    --------
    >>> net = LinearNetwork((4, 1), X=[[1] * 4, [2] * 4], Y=[[1], [2]])
    >>> fan_in_uniform(net).high
    (0.5, 0.5, 0.5, 0.5)
    """
    _check_network(network)
    number = isinstance(scale, (int, float, np.integer, np.floating)) and not isinstance(
        scale, bool
    )
    if not number or not 0 < scale < math.inf:
        raise InvalidInput("scale", scale, "a finite number above 0")
    high: list[float] = []
    fan_in = 1
    for shape in network.shapes:
        fan_in = shape[1] if len(shape) == 2 else fan_in  # a bias follows its weights
        high += [scale / math.sqrt(fan_in)] * math.prod(shape)
    return Box([-value for value in high], high)


def he_normal(network: LinearNetwork | MLP) -> Gaussian:
    """Return the law of He et al.: weights of variance 2/fan_in, biases zero.

    Parameters
    ----------
    network : LinearNetwork or MLP

    Returns
    -------
    Gaussian
        On the points of the network, fan_in the number of inputs of a layer.

    References
    ----------
    He et al. [he2015delving]_, equation 10.

    Examples
    --------
    >>> net = LinearNetwork((8, 2, 1), X=[[1] * 8, [2] * 8], Y=[[1], [2]])
    >>> law = he_normal(net)
    >>> law.scale[0], law.scale[-1], law.describe()
    (0.5, 1.0, 'He normal')
    """
    return _law(network, lambda fan_in, fan_out: math.sqrt(2.0 / fan_in), "He normal")


def xavier_normal(network: LinearNetwork | MLP) -> Gaussian:
    """Return the law of Glorot and Bengio: weights of variance 2/(fan_in + fan_out), biases zero.

    Parameters
    ----------
    network : LinearNetwork or MLP

    Returns
    -------
    Gaussian
        On the points of the network.

    References
    ----------
    Glorot and Bengio [glorot2010understanding]_, equation 12.

    Examples
    --------
    >>> net = LinearNetwork((4, 4, 1), X=[[1] * 4, [2] * 4], Y=[[1], [2]])
    >>> xavier_normal(net).scale[0]
    0.5
    """
    return _law(
        network, lambda fan_in, fan_out: math.sqrt(2.0 / (fan_in + fan_out)), "Xavier normal"
    )


def _law(
    network: LinearNetwork | MLP, deviation: Callable[[int, int], float], name: str
) -> Gaussian:
    _check_network(network)
    scales: list[float] = []
    for shape in network.shapes:
        is_weight = len(shape) == 2
        scales += [deviation(shape[1], shape[0]) if is_weight else 0.0] * math.prod(shape)
    return Gaussian([0.0] * network.dimension, scales, name=name)


def _check_network(network: object) -> None:
    if not isinstance(network, (LinearNetwork, MLP)):
        raise InvalidInput("network", network, "a LinearNetwork or an MLP")
