"""A PyTorch module with a batch as a loss, differentiated by PyTorch in double precision."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..evidence import Outcome
from .base import AbstractLoss, Points, as_points
from .data_loss import DataLoss
from .mlp import MLP
from .torch_layers import layers_of, numbers_of, targets_of, torch_package

__all__ = ["TorchLoss", "from_torch"]

_SYMMETRIC = 1e-8  # difference of ⟨Hu, v⟩ and ⟨u, Hv⟩ by the sizes, far above rounding
_SAME = 1e-10  # relative difference up to which a translated network is the same


class TorchLoss(AbstractLoss):
    """Loss of a PyTorch module on one batch, as `from_torch` makes it.

    Parameters
    ----------
    module : torch.nn.Module
        In double precision; ``start``, shape (d,), holds its weights.
    loss_fn : callable
        (outputs, targets) -> one number.
    batch : pair of tensor
        Inputs and targets.

    Notes
    -----
    A point holds the parameters that require a gradient, in the order of
    ``module.named_parameters()``, each row by row. Other parameters and all buffers are constants.
    Points are evaluated one after the other. Nothing can be proved about such a loss: whether it is
    analytic is undecided.

    Examples
    --------
    >>> import torch  # doctest: +SKIP
    >>> module = torch.nn.Linear(1, 1, bias=False)  # doctest: +SKIP
    >>> L = from_torch(module, torch.nn.MSELoss(), ([[1.0]], [[2.0]]))  # doctest: +SKIP
    >>> L.gradient_at([3.0]), L.hessian_at([3.0])  # doctest: +SKIP
    (array([2.]), array([[2.]]))
    """

    start: NDArray[np.float64]

    def __init__(self, module: Any, loss_fn: Callable[..., Any], batch: tuple[Any, Any]) -> None:
        # Everything comes from `from_torch`, which has checked it and owns it.
        self._module, self._loss_fn = module, loss_fn
        self._inputs, self._targets = batch
        trained = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
        self._shapes = {name: tuple(p.shape) for name, p in trained}
        self.start = np.concatenate([p.detach().cpu().numpy().ravel() for _, p in trained])
        self.start.setflags(write=False)
        self._device = trained[0][1].device

    @property
    def dimension(self) -> int:
        return len(self.start)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(
            f"{name}[{', '.join(map(str, index))}]" if shape else name
            for name, shape in self._shapes.items()
            for index in np.ndindex(shape)
        )

    @property
    def analytic(self) -> Outcome:
        return Outcome.UNDECIDED

    def __call__(self, points: Any) -> Points:
        torch = torch_package()
        array = as_points(points, self.dimension)
        values = np.empty(array.shape[:-1])
        with torch.no_grad():
            for index in np.ndindex(array.shape[:-1]):
                values[index] = float(self._value(self._weights(array[index])))
        return values

    def gradient_at(self, points: Any) -> Points:
        array = as_points(points, self.dimension)
        gradients = np.empty(array.shape)
        for index in np.ndindex(array.shape[:-1]):
            weights = self._weights(array[index], moving=True)
            gradients[index] = numbers_of(_gradient(self._value(weights), weights))
        return gradients

    def hessian_at(self, points: Any) -> NDArray[np.float64]:
        array, d = as_points(points, self.dimension), self.dimension
        hessians = np.empty((*array.shape, d))
        for index in np.ndindex(array.shape[:-1]):
            multiply = self._products_at(array[index])
            rows = np.stack([multiply(direction) for direction in np.eye(d)])
            hessians[index] = 0.5 * (rows + rows.T)
        return hessians

    def hessian_operator(self, points: Any) -> Callable[[Points], Points]:
        """Return v -> ∇²L(x) v: each gradient is built once and differentiated along each v."""
        rows = np.atleast_2d(as_points(points, self.dimension))
        each = [self._products_at(row) for row in rows]
        return lambda directions: np.stack(
            [multiply(v) for multiply, v in zip(each, directions, strict=True)]
        )

    def as_mlp(self, loss: DataLoss = DataLoss.SQUARED) -> MLP:
        """Return the same loss as an `MLP`, whose steps and products are machine code.

        Parameters
        ----------
        loss : DataLoss
            Which of the two `loss_fn` is: SQUARED, ½‖f(x) - y‖² averaged over the samples (half of
            ``nn.MSELoss`` times the number of outputs), or CROSS_ENTROPY of rows of probabilities
            or of class numbers.

        Returns
        -------
        MLP
            On the same points as this loss.

        Raises
        ------
        InvalidInput
            Where the module is no ``nn.Sequential`` of ``nn.Linear`` layers with one kind of
            activation between them, all trained, or its values differ from those of the MLP.

        Notes
        -----
        That both are the same is compared, at the start and beside it, and not only read.
        """
        widths, activation, biases = layers_of(self._module)
        targets = targets_of(self._targets, widths[-1])
        net = MLP(widths, activation, numbers_of(self._inputs), targets, loss, biases=biases)
        if net.dimension != self.dimension:
            told = f"{self.dimension} parameters for {net.dimension} weights and biases"
            raise InvalidInput("module", told, "layers with parameters of their own")
        beside = np.random.default_rng(0).normal(size=self.dimension)
        size = np.linalg.norm(self.start) / math.sqrt(self.dimension)
        points = np.stack([self.start, self.start + 0.1 * (size or 1.0) * beside])
        mine, theirs = self(points), net(points)
        slopes, others = self.gradient_at(points), net.gradient_at(points)
        values_agree = np.allclose(mine, theirs, rtol=_SAME, atol=0)
        scale = np.abs(slopes).max()
        if not values_agree or not np.allclose(slopes, others, rtol=0, atol=_SAME * scale):
            raise InvalidInput(
                "loss",
                loss,
                "the data loss that loss_fn is, and activations with their usual settings",
                f"at the start the module gives {mine[0]:.6g} and the network {theirs[0]:.6g}; "
                "nn.MSELoss averages over the outputs too: ((o - y)**2).sum(1).mean() / 2 does not",
            )
        return net

    def describe(self) -> str:
        kind = type(self._module).__name__
        return f"a PyTorch {kind} of {self.dimension} parameters on {len(self._inputs)} samples"

    def __repr__(self) -> str:
        return f"TorchLoss({type(self._module).__name__}, {self.dimension})"

    def _weights(self, row: NDArray[np.float64], *, moving: bool = False) -> Any:
        torch = torch_package()
        weights = torch.tensor(row, dtype=torch.float64, device=self._device)
        return weights.requires_grad_(moving)

    def _value(self, weights: Any) -> Any:
        torch = torch_package()
        parts = torch.split(weights, [math.prod(shape) for shape in self._shapes.values()])
        given = {
            name: part.reshape(shape)
            for (name, shape), part in zip(self._shapes.items(), parts, strict=True)
        }
        # Batch normalisation writes into its buffers: it is given copies.
        given |= {name: buffer.clone() for name, buffer in self._module.named_buffers()}
        outputs = torch.func.functional_call(self._module, given, (self._inputs,))
        return self._loss_fn(outputs, self._targets)

    def _products_at(self, row: NDArray[np.float64]) -> Callable[[Points], Points]:
        torch = torch_package()
        weights = self._weights(row, moving=True)
        gradient = _gradient(self._value(weights), weights, again=True)

        def multiply(direction: Points) -> Points:
            if not gradient.requires_grad:
                return np.zeros(len(row))
            along = torch.tensor(np.asarray(direction), dtype=torch.float64, device=self._device)
            (product,) = torch.autograd.grad(
                gradient, weights, along, retain_graph=True, materialize_grads=True
            )
            return numbers_of(product)

        return multiply


def from_torch(module: Any, loss_fn: Callable[..., Any], batch: Any) -> TorchLoss:
    """Return the loss of a PyTorch module on one batch, as a function of its parameters.

    Parameters
    ----------
    module : torch.nn.Module
        Copied, in double precision; yours is left as it is. Its mode counts: in training mode batch
        normalisation uses the statistics of the batch, and its running averages stand still; in
        evaluation mode it uses the running averages.
    loss_fn : callable
        (outputs, targets) -> one number, such as ``torch.nn.MSELoss()`` or a function of tensors.
    batch : pair of tensor or array
        Inputs and targets. Floating-point numbers are taken in double precision.

    Returns
    -------
    TorchLoss
        Its ``start`` are the present weights.

    Raises
    ------
    MissingExtra
        Where PyTorch is not installed.
    InvalidInput
        For a module that is none or trains nothing, active dropout or other chance, a batch that
        is no pair or not finite, a loss that is no finite number, and layers that cannot be
        differentiated twice, or whose second derivatives are not symmetric, which is looked at in
        two random directions.

    Notes
    -----
    The batch is all the data: gradient descent on the loss is full-batch gradient descent. Products
    of the Hessian with vectors are double backward passes, exact up to rounding. Double precision
    is not a choice: eigenvalues near 2/η and orbits of many steps are looked at. What PyTorch
    differentiates is what counts: a module that detaches a part of its computation, as spectral
    normalisation in training mode, descends along something else than the gradient of its values.

    References
    ----------
    PyTorch [paszke2019pytorch]_. Products with the Hessian: Pearlmutter [pearlmutter1994fast]_.

    Examples
    --------
    >>> import torch  # doctest: +SKIP
    >>> from dynsys_gd import GradientDescent, sharpness_along, top_eigenvalues
    >>> net = torch.nn.Sequential(  # doctest: +SKIP
    ...     torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    >>> x = torch.linspace(-1, 1, 20)[:, None]  # doctest: +SKIP
    >>> L = from_torch(net, torch.nn.MSELoss(), (x, x**2))  # doctest: +SKIP
    >>> L  # doctest: +SKIP
    TorchLoss(Sequential, 25)
    >>> seen = sharpness_along(GradientDescent(L, "1/2"), [L.start], 100)  # doctest: +SKIP
    >>> seen.limit  # doctest: +SKIP
    4.0
    >>> bool(top_eigenvalues(L, L.start, rng=0).sharpness > 0)  # doctest: +SKIP
    True
    """
    torch = torch_package()
    if not isinstance(module, torch.nn.Module):
        raise InvalidInput("module", module, "a torch.nn.Module")
    if not callable(loss_fn):
        raise InvalidInput("loss_fn", loss_fn, "a function of outputs and targets")
    if not any(p.requires_grad for p in module.parameters()):
        raise InvalidInput("module", type(module).__name__, "a parameter that requires a gradient")
    dropped = [
        name or type(part).__name__
        for name, part in module.named_modules()
        if isinstance(part, torch.nn.modules.dropout._DropoutNd) and part.training and part.p > 0
    ]
    if dropped:
        raise InvalidInput(
            "module",
            f"active dropout in {', '.join(dropped)}",
            "a loss without chance",
            "call module.eval() first",
        )
    for name, parameter in module.named_parameters():
        if isinstance(parameter, torch.nn.parameter.UninitializedParameter):
            remedy = "call the module once, so that lazy layers learn their sizes"
            raise InvalidInput("module", f"parameter {name} without a size", "a size", remedy)
        if parameter.is_complex() or not torch.isfinite(parameter).all():
            raise InvalidInput("module", f"parameter {name}", "finite real parameters")
    device = next(p.device for p in module.parameters() if p.requires_grad)
    data = _checked_batch(batch, device)
    with _calm():
        own = copy.deepcopy(module).to(torch.float64)
        function = loss_fn
        if isinstance(loss_fn, torch.nn.Module):
            function = copy.deepcopy(loss_fn).to(torch.float64)
        loss = TorchLoss(own, function, data)
        _try(loss)
    return loss


def _try(loss: TorchLoss) -> None:
    """Refuse what is no number, not repeatable, or not twice differentiable."""
    torch = torch_package()
    weights = loss._weights(loss.start)
    try:
        with torch.no_grad():
            value, again = loss._value(weights), loss._value(weights)
    except Exception as problem:
        told = " ".join(str(problem).split())[:200]
        raise InvalidInput(
            "batch",
            f"{type(problem).__name__}: {told}",
            "inputs that the module takes and targets that loss_fn takes",
        ) from problem
    if not torch.is_tensor(value) or value.numel() != 1 or not value.is_floating_point():
        raise InvalidInput("loss_fn", value, "a function that returns one real number, a tensor")
    if not math.isfinite(float(value)):
        raise InvalidInput("module", float(value), "a finite loss at the present weights")
    if float(value) != float(again):
        remedy = "call module.eval() first, or give fixed random numbers as data"
        raise InvalidInput("module", "another loss at each call", "a loss without chance", remedy)
    twice = "layers and a loss_fn that can be differentiated twice"
    one, other = np.random.default_rng(0).standard_normal((2, 1, loss.dimension))
    try:
        multiply = loss.hessian_operator(loss.start)
        mine, theirs = multiply(one), multiply(other)
    except RuntimeError as problem:
        told = " ".join(str(problem).split())[:200]
        raise InvalidInput("module", told, twice) from problem
    # Some second derivatives of PyTorch are wrong, as those of torch.nn.utils.parametrizations'
    # weight_norm in version 2.13; they are not symmetric then.
    size = np.linalg.norm(mine) * np.linalg.norm(other) + np.linalg.norm(theirs) * np.linalg.norm(
        one
    )
    if abs(np.vdot(mine, other) - np.vdot(theirs, one)) > _SYMMETRIC * size:
        told = "second derivatives that depend on the order of differentiation"
        raise InvalidInput("module", told, twice, "write the layer with plain operations")


def _checked_batch(batch: Any, device: Any) -> tuple[Any, Any]:
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise InvalidInput("batch", batch, "a pair (inputs, targets)")
    torch, found = torch_package(), []
    for name, part in zip(("inputs", "targets"), batch, strict=True):
        try:
            tensor = torch.as_tensor(part).detach().clone().to(device)
        except (TypeError, ValueError, RuntimeError):
            raise InvalidInput("batch", part, f"{name} as a tensor or an array") from None
        if tensor.is_floating_point():
            tensor = tensor.to(torch.float64)
            if not torch.isfinite(tensor).all():
                raise InvalidInput("batch", f"{name} with NaN or infinity", f"finite {name}")
        if not tensor.ndim or not len(tensor):
            raise InvalidInput("batch", part, f"{name} with at least one sample")
        found.append(tensor)
    return found[0], found[1]


def _gradient(value: Any, weights: Any, *, again: bool = False) -> Any:
    (gradient,) = torch_package().autograd.grad(
        value, weights, create_graph=again, materialize_grads=True
    )
    return gradient


@contextmanager
def _calm() -> Iterator[None]:
    """Leave the global random state of PyTorch as it was."""
    with torch_package().random.fork_rng(devices=[]):
        yield
