"""Which layers does a PyTorch module consist of, in the terms of our own networks?"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput, MissingExtra
from .activations import Activation

__all__ = ["layers_of", "numbers_of", "targets_of", "torch_package"]


def layers_of(module: Any) -> tuple[tuple[int, ...], Activation, bool]:
    """Return widths, activation and whether there are biases, or refuse the module."""
    torch = torch_package()
    nn = torch.nn
    known = {
        nn.Tanh: Activation.TANH,
        nn.Sigmoid: Activation.SIGMOID,
        nn.ReLU: Activation.RELU,
        nn.LeakyReLU: Activation.LEAKY_RELU,
        nn.GELU: Activation.GELU,
        nn.Softplus: Activation.SOFTPLUS,
    }
    expected = "an nn.Sequential of nn.Linear layers with one kind of activation between them"
    parts = list(module) if isinstance(module, nn.Sequential) else []
    linear, between = parts[::2], parts[1::2]
    kinds = {known.get(type(part)) for part in between} or {Activation.TANH}
    plain = len(parts) % 2 == 1 and all(type(part) is nn.Linear for part in linear)
    if not plain or len(kinds) != 1 or None in kinds:
        remedy = "activations: " + ", ".join(f"nn.{kind.__name__}" for kind in known)
        raise InvalidInput("module", type(module).__name__, expected, remedy)
    biased = {part.bias is not None for part in linear}
    if len(biased) > 1 or not all(p.requires_grad for p in module.parameters()):
        raise InvalidInput("module", type(module).__name__, "biases in all layers, or in none")
    widths = (linear[0].in_features, *(part.out_features for part in linear))
    (activation,), (biases,) = kinds, biased
    assert activation is not None
    return widths, activation, biases


def targets_of(targets: Any, classes: int) -> NDArray[np.float64]:
    """Return targets as rows of numbers: class numbers one-hot, others as they are."""
    if targets.is_floating_point():
        return numbers_of(targets)
    numbers = targets.cpu().numpy()
    if numbers.min() < 0 or numbers.max() >= classes:
        remedy = "leave out the samples that loss_fn ignores"
        raise InvalidInput("batch", targets, f"class numbers from 0 to {classes - 1}", remedy)
    return np.eye(classes)[numbers.astype(int)]


def numbers_of(tensor: Any) -> NDArray[np.float64]:
    """Return a tensor as an array in double precision."""
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)


def torch_package() -> Any:
    """Return PyTorch, or say how it is installed."""
    try:
        return importlib.import_module("torch")
    except ImportError:
        raise MissingExtra("from_torch", extra="torch") from None
