"""Maps made of one loss, its gradient and an update rule with a few named settings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import cached_property, lru_cache
from typing import Any, ClassVar, TypeVar

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.derivative import derivative
from ..engine.kernel import Kernel, RowsKernel, TapeKernel
from ..engine.machine.gradient_step import GradientStep, UpdateCode, update_code
from ..engine.machine.step_code import StepCode
from ..engine.map_tapes import MapTapes
from ..engine.numpy_printer import numpy_function
from ..engine.rewrite import stable
from ..errors import InvalidInput
from ..losses.base import AbstractLoss, Points, substitute
from ..values import as_typed, by_name, to_value, unknown_name
from .base import Map

__all__ = ["GradientMap", "checked_loss", "checked_setting", "refuse_coordinates"]

Self = TypeVar("Self", bound="GradientMap")
_FEW_COORDINATES = 4  # up to which straight-line code is faster than a network's own
Block = Any  # a numpy array of rows, or a sympy column: an update rule is written once for both


class GradientMap(Map):
    """A map given by a loss and an update rule.

    A concrete rule is a frozen dataclass with a field `loss` and its settings. It gives `update`,
    which is used on numbers and on symbols alike, and `update_jacobian`.
    """

    loss: AbstractLoss
    blocks: ClassVar[int] = 1

    @staticmethod
    @abstractmethod
    def update(
        state: Sequence[Block], gradient: Callable[[Block], Block], settings: Mapping[str, Any]
    ) -> tuple[list[Block], Block]:
        """Return the new blocks of the state and the gradient that was used."""

    @staticmethod
    @abstractmethod
    def update_jacobian(
        state: Sequence[Points],
        hessian: Callable[[Points], NDArray[np.float64]],
        settings: Mapping[str, float],
    ) -> NDArray[np.float64]:
        """Return the Jacobian of the update, shape (n, d, d)."""

    @property
    def settings(self) -> dict[str, sp.Expr]:
        """The settings of the rule by name, step size first."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "loss"}  # type: ignore[arg-type]

    @property
    def dimension(self) -> int:
        return self.blocks * self.loss.dimension

    @property
    def names(self) -> tuple[str, ...]:
        previous = tuple(f"{name}_previous" for name in self.loss.names)
        return self.loss.names + previous * (self.blocks - 1)

    @property
    def parameters(self) -> tuple[str, ...]:
        own = {symbol.name for value in self.settings.values() for symbol in value.free_symbols}
        return tuple(sorted(own | set(self.loss.parameters)))

    def at(self: Self, **values: Any) -> Self:
        for name in values:
            if name not in self.parameters:
                raise unknown_name(name, self.parameters)
        given = {name: to_value(value, name) for name, value in values.items()}
        loss = self.loss.at(**{n: v for n, v in given.items() if n in self.loss.parameters})
        settings = {name: substitute(value, given) for name, value in self.settings.items()}
        return replace(self, loss=loss, **settings)  # type: ignore[type-var]

    def lift(self, points: Points) -> Points:
        return np.concatenate([points] * self.blocks, axis=-1)

    def project(self, states: Points) -> Points:
        return np.asarray(states)[..., : self.loss.dimension]

    @property
    def variables(self) -> tuple[sp.Symbol, ...]:
        form = self.loss.symbolic
        return () if form is None else _state_symbols(form.variables, self.blocks)

    @cached_property
    def expression(self) -> sp.ImmutableMatrix | None:
        form = self.loss.symbolic
        if form is None:
            return None
        images, _ = _symbolic_update(type(self), form.bound, form.variables, self.settings)
        return sp.ImmutableMatrix(images)

    def kernel(self) -> Kernel:
        if self.parameters:
            raise InvalidInput(
                "parameter",
                ", ".join(self.parameters),
                "every parameter to have a value",
                f"write F.at({self.parameters[0]}=...)",
            )
        numbers = {name: float(value) for name, value in self.settings.items()}
        form = self.loss.symbolic
        if form is None:
            return _rows_kernel(self, numbers)
        tapes, names = _tapes(type(self), form.expression, form.variables)
        values = [float(form.values[name]) for name in names] + list(numbers.values())
        if self.loss.dimension <= _FEW_COORDINATES or names:
            return TapeKernel(tapes, np.array(values, dtype=np.float64))
        return TapeKernel(tapes, *_machine_code(self, numbers))

    def describe(self) -> str:
        settings = ", ".join(
            f"{n.replace('_', ' ')} {as_typed(v)}" for n, v in self.settings.items()
        )
        return f"{_spaced(type(self).__name__)} on {self.loss.describe()}, {settings}"

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={as_typed(value)}" for name, value in self.settings.items())
        return f"{type(self).__name__}({self.loss!r}, {settings})"


def checked_setting(value: Any, argument: str, *, low: float, low_allowed: bool) -> sp.Expr:
    """Return a setting as a sympy value; a number below its range is refused, a symbol stays."""
    setting = to_value(value, argument)
    if setting.is_number:
        size = float(setting)
        if size < low or (size == low and not low_allowed):
            bound = f"at least {low:g}" if low_allowed else f"above {low:g}"
            raise InvalidInput(argument, value, f"a number {bound}, or an expression in symbols")
    return setting


def refuse_coordinates(setting: sp.Expr, argument: str, loss: AbstractLoss) -> None:
    """Refuse a setting in which a coordinate of the loss occurs: it would change on the way."""
    shared = sorted({symbol.name for symbol in setting.free_symbols} & set(loss.names))
    if shared:
        raise InvalidInput(
            argument,
            setting,
            f"an expression without the coordinates of the loss ({', '.join(shared)})",
            "rename the parameter, or write the map as a SymbolicMap",
        )


def checked_loss(loss: Any) -> AbstractLoss:
    """Return `loss` where it is one, or refuse it."""
    if not isinstance(loss, AbstractLoss):
        raise InvalidInput(
            "loss", loss, "a loss", "wrap a sympy expression as Loss(expression, variables)"
        )
    return loss


def _state_symbols(variables: tuple[sp.Symbol, ...], blocks: int) -> tuple[sp.Symbol, ...]:
    previous = tuple(sp.Symbol(f"{v.name}_previous", **v.assumptions0) for v in variables)
    return variables + previous * (blocks - 1)


def _symbolic_update(
    rule: type[GradientMap],
    expression: sp.Expr,
    variables: tuple[sp.Symbol, ...],
    settings: Mapping[str, sp.Expr],
) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """Return the images and the residuals (gradient, then differences of successive blocks)."""
    gradient = sp.Matrix([derivative(expression, v) for v in variables])

    def gradient_at(point: sp.Matrix) -> sp.Matrix:
        pairs = dict(zip(variables, point, strict=True))
        return gradient.subs(pairs, simultaneous=True)

    d = len(variables)
    symbols = _state_symbols(variables, rule.blocks)
    state = [sp.Matrix(symbols[k : k + d]) for k in range(0, len(symbols), d)]
    new, used = rule.update(state, gradient_at, settings)
    images = [entry for block in new for entry in block]
    rest = [a - b for a, b in zip(symbols[d:], symbols, strict=False)]
    return images, [*used, *rest]


@lru_cache(maxsize=256)
def _tapes(
    rule: type[GradientMap], expression: sp.Expr, variables: tuple[sp.Symbol, ...]
) -> tuple[MapTapes, tuple[str, ...]]:
    """Return the codes of the map and the names of the loss parameters."""
    known = by_name(expression.free_symbols - set(variables), "expression")
    names = [f.name for f in fields(rule) if f.name != "loss"]  # type: ignore[arg-type]
    settings = {name: sp.Dummy(name) for name in names}
    images, residuals = _symbolic_update(rule, stable(expression), variables, settings)
    state = _state_symbols(variables, rule.blocks)
    parameters = [*known.values(), *settings.values()]
    return MapTapes(images, residuals, state, parameters), tuple(known)


def _rows_kernel(F: GradientMap, settings: Mapping[str, float]) -> Kernel:
    d = F.loss.dimension

    def split(states: Points) -> list[Points]:
        return [states[:, k : k + d] for k in range(0, F.dimension, d)]

    def step(states: Points) -> tuple[Points, Points]:
        blocks = split(states)
        with np.errstate(all="ignore"):
            new, used = F.update(blocks, F.loss.gradient_at, settings)
            rest = [a - b for a, b in zip(blocks[1:], blocks, strict=False)]
        return np.concatenate(new, axis=1), np.concatenate([used, *rest], axis=1)

    def jacobian(states: Points) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return F.update_jacobian(split(states), F.loss.hessian_at, settings)

    parameters, code = _machine_code(F, settings)
    return RowsKernel(F.dimension, step, jacobian, code, parameters)


def _machine_code(
    F: GradientMap, settings: Mapping[str, float]
) -> tuple[NDArray[np.float64], StepCode | None]:
    """Return the parameters and the code of a step around the gradient's own machine code."""
    values = np.array(list(settings.values()), dtype=np.float64)
    known = F.loss.gradient_code()
    if known is None:
        return values, None
    gradient, data = known
    rule = _rule_code(type(F).update, F.blocks, tuple(settings))
    if rule is None:
        return values, None
    return np.concatenate([values, data]), GradientStep(gradient, rule)


@lru_cache(maxsize=64)
def _rule_code(
    update: Callable[..., Any], blocks: int, settings: tuple[str, ...]
) -> UpdateCode | None:
    """Return the code of a rule that treats each coordinate by itself, None for any other rule.

    A rule with a norm, say, may refuse single symbols, or take the norm of each; so what was read
    from symbols is compared with what the rule does to numbers.
    """
    draws = np.random.default_rng(0).normal(size=(blocks + 1, 3, 4))
    numbers = dict(zip(settings, np.linspace(0.3, 0.6, len(settings)), strict=True))
    points: list[Points] = []

    def gradient(point: Points) -> Points:
        points.append(point)
        return draws[-1].copy()

    try:
        code = update_code(update, blocks, settings)
        images, used = update(list(draws[:-1].copy()), gradient, numbers)
        columns, given = draws.reshape(blocks + 1, -1), np.array(list(numbers.values()))
        expected = np.stack([points[0], *images, used]).reshape(blocks + 2, -1)
        found = np.concatenate(
            [
                numpy_function(code.point)(columns[:-1], given),
                numpy_function(code.images)(columns, given),
                numpy_function(code.residuals)(columns, given)[:1],
            ]
        )
    except (AttributeError, IndexError, TypeError, ValueError):
        return None
    return code if np.allclose(found, expected, rtol=1e-12, atol=1e-12, equal_nan=True) else None


def _spaced(name: str) -> str:
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
    return words.replace("nesterov", "Nesterov")
