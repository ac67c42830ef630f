"""The few exceptions of the package; each says what came, what was expected and what to do."""

from __future__ import annotations

from typing import Any

__all__ = [
    "DynsysError",
    "InvalidInput",
    "MissingExtra",
    "TimeLimitReached",
    "UndecidedError",
    "UnknownParameter",
    "UnsafeExpression",
    "UnsupportedFunction",
    "WorkersLost",
]

_LONGEST_SHOWN = 120


class DynsysError(Exception):
    """Base of every error this package raises on purpose."""


class InvalidInput(DynsysError, ValueError):
    """An argument cannot be used as it came.

    Parameters
    ----------
    argument : str
        Name of the argument, as the caller wrote it.
    received : object
        What came; shown shortened.
    expected : str
        What would have been accepted.
    remedy : str, optional
        What to do now.

    Examples
    --------
    >>> print(InvalidInput("step_size", -1, "a positive number", "write one above 0"))
    step_size: got -1, expected a positive number; write one above 0
    """

    def __init__(self, argument: str, received: Any, expected: str, remedy: str = "") -> None:
        self.argument = argument
        self.received = received
        self.expected = expected
        self.remedy = remedy
        super().__init__(argument, received, expected, remedy)

    def __str__(self) -> str:
        message = f"{self.argument}: got {shortened(self.received)}, expected {self.expected}"
        return f"{message}; {self.remedy}" if self.remedy else message


class UnknownParameter(InvalidInput):
    """A parameter name that the object does not have."""


class UnsupportedFunction(InvalidInput):
    """A function outside the list that the engine can evaluate."""


class UnsafeExpression(InvalidInput):
    """A text that is not a plain mathematical expression within the stated limits."""


class MissingExtra(DynsysError, ImportError):
    """A feature needs an optional package that is not installed.

    Examples
    --------
    >>> print(MissingExtra("AutodiffLoss", extra="jax"))
    AutodiffLoss needs the extra 'jax'; install it with: pip install "dynsys_gd[jax]"
    """

    def __init__(self, feature: str, *, extra: str) -> None:
        self.feature = feature
        self.extra = extra
        super().__init__(
            f"{feature} needs the extra '{extra}'; "
            f'install it with: pip install "dynsys_gd[{extra}]"'
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _missing_extra, (self.feature, self.extra)


class UndecidedError(DynsysError):
    """A yes or no was asked of an answer that is neither."""


class TimeLimitReached(DynsysError):
    """An exact computation was stopped at its stated time limit; nothing is known of its answer."""


class WorkersLost(DynsysError, RuntimeError):
    """The executor broke: a process that computed for it died, or it was shut down.

    What was computed before is in the checkpoint, where there is one: the same call, with another
    executor, goes on from there.
    """


def shortened(value: Any) -> str:
    """Return ``repr(value)``, cut to one readable line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _missing_extra(feature: str, extra: str) -> MissingExtra:
    return MissingExtra(feature, extra=extra)
