"""What the cells of a certificate say together: names of outcomes, areas, the claim."""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil, floor

from .content import Content, Goal, Theorem
from .expressions import Node
from .facts import Core, Form
from .lemmas import Lemmas
from .table import Refused

__all__ = ["check_claim", "check_names", "in_words"]

_NEAR = re.compile(r"the (minimum|fixed point) near \(?([-0-9.e+, ]{1,400})\)?")
_LATER = 1 << 40
_CLOSE = Fraction(1, 1000)


def noun(content: Content) -> str:
    """Return what the target is called."""
    return "minimum" if content.target is Goal.MINIMA else "fixed point"


def statement(content: Content) -> str:
    """Return the sentence of a theorem."""
    return f"almost every point converges to a {noun(content)}"


def in_words(content: Content) -> str:
    """Return the claim as a sentence."""
    claim = content.claim
    if isinstance(claim, Theorem):
        sides = zip(claim.low, claim.high, strict=True)
        box = " x ".join(f"[{_short(a)}, {_short(b)}]" for a, b in sides)
        return f"almost every point of {box} converges to a {noun(content)}"
    return (
        f"between {float(claim.lower):.9g} and {float(claim.upper):.9g} of the region converges "
        f"to a {noun(content)}"
    )


def _short(number: Fraction) -> str:
    return str(number) if number.denominator < 10**6 else f"{float(number):.9g}"


def check_names(content: Content, lemmas: Lemmas) -> None:
    """Check that each outcome is called what it is.

    A core is "the minimum near (a, b)", to three figures, or "another minimum"; a form is "a
    minimum", or "a minimum on e = 0" (several: "e = f = 0") where each e vanishes at all limits;
    with "fixed point" for "minimum" where the target is fixed points.

    Raises
    ------
    Refused
    """
    for i, core in enumerate(lemmas.cores):
        name = content.outcomes[core.outcome]
        if name != f"another {noun(content)}" and not _is_near(content, core):
            raise Refused(f"core {i} is not what {name!r} says")
        for other in lemmas.cores[:i]:
            apart = any(not a.overlaps(b) for a, b in zip(core.pin, other.pin, strict=True))
            if core.outcome != other.outcome and not apart:
                raise Refused(f"core {i} may have the fixed point of another outcome")
    for i, form in enumerate(lemmas.forms):
        name = content.outcomes[form.outcome]
        rest = name.removeprefix(f"a {noun(content)}")
        true = rest == "" or (rest.startswith(" on ") and _vanish(lemmas, form, rest[4:]))
        if rest == name or not true:
            raise Refused(f"form {i} is not what {name!r} says")


def _is_near(content: Content, core: Core) -> bool:
    found = _NEAR.fullmatch(content.outcomes[core.outcome])
    if found is None or found[1] != noun(content):
        return False
    try:
        numbers = [Fraction(text.strip()) for text in found[2].split(",")]
    except (ValueError, ZeroDivisionError):
        return False
    return len(numbers) == len(core.pin) and all(
        float(abs(x - float(n)).abs_upper()) <= float(_CLOSE) * max(1.0, abs(float(n)))
        for x, n in zip(core.pin, numbers, strict=True)
    )


def _vanish(lemmas: Lemmas, form: Form, text: str) -> bool:
    *named, last = text.split(" = ")
    if last != "0" or not named:
        return False
    law = lemmas.law
    zeros: list[Node] = [*form.equations, *law.gaps]
    for equation in form.equations:
        if law.formulas.nodes[equation][0] in ("tanh", "sinh"):
            zeros += law.formulas.parts(equation)
    return all(
        any(law.algebra.proportional(law.formulas.read(name), zero) for zero in zeros)
        for name in named
    )


def check_claim(content: Content, lemmas: Lemmas) -> None:
    """Check that the claim follows from the masks of the cells, in exact numbers.

    Raises
    ------
    Refused
    """
    claim = content.claim
    if isinstance(claim, Theorem):
        _check_theorem(content, lemmas, claim)
        return
    least, most = _shares(content, 1)
    # What does not converge, turned round.
    lower, upper = 1 - most, 1 - least
    if not 0 <= claim.lower <= lower:
        raise Refused(f"the cells show the share {float(lower):.9g}, less than the lower bound")
    if not upper <= claim.upper <= 1:
        raise Refused(f"the cells show the share {float(upper):.9g}, more than the upper bound")
    for name, low, high in claim.by_outcome:
        if name not in content.outcomes[1:]:
            raise Refused(f"{name!r} is not an outcome")
        j = content.outcomes.index(name)
        least, _ = _shares(content, 1 << j)
        _, most = _shares(content, _overlapping(lemmas, j))
        if not (0 <= low <= least and most <= high <= 1):
            raise Refused(f"the cells do not show the bounds of {name!r}")


def _shares(content: Content, bits: int) -> tuple[Fraction, Fraction]:
    """Return the shares of the region that surely and that possibly meet outcomes of a mask."""
    cells, d = content.cells, content.dimension
    inside = ((cells.place >> cells.level[:, None].astype("int64")) == 0).all(axis=1)
    surely, never = Fraction(0), Fraction(0)
    for level in sorted(set(cells.level.tolist())):
        here = inside & (cells.level == level)
        size = Fraction(1, 1 << (d * level))
        outside = 0xFFFF ^ bits
        surely += size * int((here & ((cells.mask & outside) == 0)).sum())
        never += size * int((here & ((cells.mask & bits) == 0)).sum())
    return surely, 1 - never


def _overlapping(lemmas: Lemmas, j: int) -> int:
    """Return outcome j with those that may be the same limits under another name.

    Limits of two forms differ where the numbers of their equations do: these are the ranks of the
    derivative of F(x) - x there.
    """
    bits = 1 << j
    ranks = {form.m for form in lemmas.forms if form.outcome == j}
    for form in lemmas.forms:
        if form.m in ranks:
            bits |= 1 << form.outcome
    return bits


def _check_theorem(content: Content, lemmas: Lemmas, claim: Theorem) -> None:
    if claim.statement != statement(content):
        raise Refused(f"the statement is not {statement(content)!r}")
    table, reach = lemmas.table, []
    for low, high, start, width in zip(claim.low, claim.high, table.low, table.width, strict=True):
        if not low < high:
            raise Refused("a lower corner of the box is not below the upper one")
        unit = width / (1 << table.finest)
        reach.append((floor((low - start) / unit), ceil((high - start) / unit) - 1))
    if not table.covers(
        reach,
        _LATER,
        group=False,
        allowed=0xFFFE,
        elsewhere=lambda key: None,
        most=2 * len(table.keys) + 1000,
    ):
        raise Refused("the box of the theorem is not covered by cells that converge")
