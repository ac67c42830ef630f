"""Loops over the coordinates of tiles, written out where they are short."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .writer import Function, Module

__all__ = ["address", "alignment", "fold"]

_UNROLLED = 4


def alignment(module: Module) -> int:
    """Return how the entries of a tile are aligned, in bytes."""
    return min(64, 8 * module.lanes)


def address(f: Function, base: str, constant: int, *terms: tuple[str, int]) -> str:
    """Return the pointer to double number `constant` + Σ index · factor behind `base`."""
    moved = ""
    for index, factor in terms:
        if index.isdigit():
            constant += int(index) * factor
            continue
        scaled = index if factor == 1 else f.value(f"mul i64 {index}, {factor}")
        moved = f.value(f"add i64 {moved}, {scaled}") if moved else scaled
    return f.offset(f.offset(base, moved) if moved else base, constant)


def fold(
    f: Function,
    count: int,
    values: Sequence[str],
    body: Callable[[str, list[str]], list[str]],
    *,
    unrolled: int = _UNROLLED,
) -> list[str]:
    """Pass values through `body` for each index: written out for few, as a loop for many."""
    current = list(values)
    if count <= unrolled:
        for i in range(count):
            current = body(str(i), current)
        return current
    variables = [f.variable(f.real, value) for value in current]
    with f.loop(str(count)) as index:
        after = body(index, [variable.get() for variable in variables])
        for variable, value in zip(variables, after, strict=True):
            variable.set(value)
    return [variable.get() for variable in variables]
