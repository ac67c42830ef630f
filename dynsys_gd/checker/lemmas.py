"""The lemma of each cell, verified on the cell or on pieces of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from .balls import Ball, Vector, exact, symmetric
from .barrier import Barrier
from .content import Content, GivenEscape, Reason
from .escapes import Escape
from .facts import Block, Core, Form, Piece
from .images import Moved, images
from .law import Law
from .table import Key, Refused, Table

__all__ = ["Lemmas"]

_MOST_PIECES = 600
_SHARES = (1.0, 0.95, 0.85, 0.7)  # of the largest residual up to which orbits are followed
Fact = TypeVar("Fact")


class Lemmas:
    """Everything about a certificate that does not belong to one cell, verified; then the cells.

    Raises
    ------
    Refused
        Where the map, a core, form, block, escape region, or the table of cells is refused.
    """

    def __init__(self, content: Content) -> None:
        self.content = content
        self.law = Law(content)
        low, high = content.low, content.high
        if not all(a < b for a, b in zip(low, high, strict=True)):
            raise Refused("a lower corner of the region is not below the upper one")
        self.cores = [_named("core", i, Core, self.law, c) for i, c in enumerate(content.cores)]
        self.forms = [_named("form", i, Form, self.law, c) for i, c in enumerate(content.forms)]
        self.blocks = [_named("block", i, Block, self.law, c) for i, c in enumerate(content.blocks)]
        self.escapes: list[Escape | Barrier] = [
            _named("escape region", i, self._escape_region, self.law, e)
            for i, e in enumerate(content.escapes)
        ]
        # The simple ones first: a box lies in one of them or it does not.
        self._regions = sorted(self.escapes, key=lambda escape: isinstance(escape, Barrier))
        self.table = Table(low, high, content.cells)
        self._check_lists()
        cells = content.cells
        self._why, self._which = cells.why.tolist(), cells.which.tolist()
        self._room = cells.room.tolist()

    def _escape_region(self, law: Law, given: GivenEscape) -> Escape | Barrier:
        if given.barrier is None:
            return Escape(law, given)
        return Barrier(law, given.barrier, self.forms)

    def _check_lists(self) -> None:
        """Check masks, numbers and groups of the cells, which need no arithmetic."""
        cells, known = self.content.cells, len(self.content.outcomes)
        lists = {
            Reason.CORE: len(self.cores),
            Reason.TUBE: len(self.forms),
            Reason.ESCAPE: len(self.escapes),
            Reason.REPELLED: len(self.forms),
            Reason.BLOCK: len(self.blocks),
        }
        if not cells.mask.all() or (known < 16 and (cells.mask >> known).any()):
            raise Refused("a cell has a mask of no outcome, or of one that is not in the list")
        for why, size in lists.items():
            if (cells.which[cells.why == why] >= size).any():
                raise Refused(f"a cell with the lemma {why.name} names an entry that is not there")
        trap, still = cells.why == Reason.TRAP, cells.room == 0
        if (cells.which[((cells.why == Reason.IMAGE) | trap) & still] < 1).any():
            raise Refused("a cell has an image after no step")
        if (cells.which[trap & ~still] >= len(self.forms)).any():
            raise Refused("a cell with the lemma TRAP names a form that is not there")
        roomy = trap | (cells.why == Reason.TUBE) | (cells.why == Reason.REPELLED)
        if not still[~roomy].all():
            raise Refused("a cell has a room that its lemma does not know")
        seen: dict[int, tuple[int, int]] = {}
        for stage, why, which in zip(
            *(getattr(cells, name).tolist() for name in ("stage", "why", "which")), strict=True
        ):
            # A group is all cells of its stage, which are of one lemma and of one block.
            mine = (why, which if why == Reason.BLOCK else 0) if why in _GROUPED else (-1, 0)
            if seen.setdefault(stage, mine) != mine:
                raise Refused(f"the cells of stage {stage} are not one group")

    def check(self, i: int) -> int:
        """Verify the lemma of a cell and return how many pieces it took."""
        why = Reason(self._why[i])
        middle, half = self.table.middle(self.table.keys[i])
        rule = _RULES[why]
        waiting: list[Piece] = [(middle, half)]
        pieces = 0
        while waiting:
            if pieces >= _MOST_PIECES:
                raise Refused(f"cell {i}: {_FAILS[why]}")
            piece = waiting.pop()
            pieces += 1
            axes = rule(self, i, piece)
            if axes is None:
                continue
            if not axes:
                raise Refused(f"cell {i}: {_FAILS[why]}")
            waiting += _cut(piece, axes)
        return pieces

    # Each rule returns None where the piece is verified, else the axes to cut it along; an empty
    # list where cutting does not help.

    def _core(self, i: int, piece: Piece) -> list[int] | None:
        core = self.cores[self._which[i]]
        if not self._allows(i, 1 << core.outcome):
            return []
        return None if core.contains(*piece) else []

    def _tube(self, i: int, piece: Piece) -> list[int] | None:
        form, room = self.forms[self._which[i]], exact(self._room[i])
        if not form.attracts(piece, room):
            return self._all_axes()
        mask = 1 << form.outcome
        wide = [m + symmetric(h + room) for m, h in zip(*piece, strict=True)]
        if not self.law.real_on(wide):
            return self._all_axes()
        if form.m == self.law.d:
            # The limit is the only zero of h in the widened box.
            for core in self.cores:
                if all(x.contains(p) for x, p in zip(wide, core.pin, strict=True)):
                    mask = 1 << core.outcome
                    break
                if all(x.overlaps(p) for x, p in zip(wide, core.pin, strict=True)):
                    mask |= 1 << core.outcome
        return None if self._allows(i, mask) else self._all_axes()

    def _escape(self, i: int, piece: Piece) -> list[int] | None:
        if not self._allows(i, 1):
            return []
        return None if self.escapes[self._which[i]].contains_cell(*piece) else self._all_axes()

    def _image(self, i: int, piece: Piece) -> list[int] | None:
        return self._returns(i, piece, self._which[i], group=False)

    def _returns(self, i: int, piece: Piece, steps: int, *, group: bool) -> list[int] | None:
        """Follow a piece into cells with fitting masks, first in the quick way."""
        found = list(self._images(piece, steps, quick=True))
        fits = len(found) == steps and self._goes(i, found[-1], group=group)
        if fits and self._regular(piece, steps):
            return None
        found = list(self._images(piece, steps))
        # The last one first: the search went on because those before did not fit.
        order = range(len(found), 0, -1) if len(found) == steps else range(1, len(found) + 1)
        for count in order:
            if self._goes(i, found[count - 1], group=group) and self._regular(piece, count):
                return None
        return self._longest(found[-1] if found else None, piece)

    def _trap(self, i: int, piece: Piece) -> list[int] | None:
        if not self._allows(i, 1):
            return []
        if not self.law.repelling(*piece):
            return self._all_axes()
        if self._room[i] > 0:
            return None if self._shells(i, piece, group=True) else self._all_axes()
        return self._returns(i, piece, self._which[i], group=True)

    def _repelled(self, i: int, piece: Piece) -> list[int] | None:
        return None if self._shells(i, piece, group=False) else self._all_axes()

    def _shells(self, i: int, piece: Piece, *, group: bool) -> bool:
        """Return whether points come to fitting cells when the residual has grown enough."""
        form, room = self.forms[self._which[i]], exact(self._room[i])
        found = form.shell(piece, room)
        if found is None or not self._regular(piece, 1):
            return False
        least = form.size(*piece)
        wide = [m + symmetric(h + room) for m, h in zip(*piece, strict=True)]
        for share in _SHARES:
            radius, top = (value * share for value in found)
            if not radius >= least:
                return False
            if self._shell_fits(i, form, wide, radius, top, group=group):
                return True
        return False

    def _shell_fits(
        self, i: int, form: Form, wide: Vector, radius: Ball, top: Ball, *, group: bool
    ) -> bool:
        def elsewhere(key: Key) -> int | None:
            box = self._part(key, wide)
            if box is None:
                return 0
            if any(escape.contains(box) for escape in self._regions):
                return 1
            sizes = form.bounds([x.mid() for x in box], [x.rad() for x in box])
            inside = all(high <= radius for _, high in sizes)
            return 0 if inside or any(low > top for low, _ in sizes) else None

        table = self.table
        return table.covered(
            wide, table.stage[i], group=group, allowed=table.mask[i], elsewhere=elsewhere
        )

    def _part(self, key: Key, box: Vector) -> Vector | None:
        """Return what a place and a box have in common."""
        found = []
        for m, h, x in zip(*self.table.middle(key), box, strict=True):
            place = m + symmetric(h)
            if not place.overlaps(x):
                return None
            found.append(place.intersection(x))
        return found

    def _block(self, i: int, piece: Piece) -> list[int] | None:
        if not self.blocks[self._which[i]].contains(*piece):
            return []
        return self._returns(i, piece, 1, group=True)

    def _images(self, piece: Piece, steps: int, *, quick: bool = False) -> Iterator[Moved]:
        return images(self.law.values, self.law.both, *piece, steps, quick=quick)

    def _allows(self, i: int, mask: int) -> bool:
        return mask & ~self.table.mask[i] == 0

    def _goes(self, i: int, moved: Moved, *, group: bool) -> bool:
        """Return whether an image lies in cells that allow no other outcomes than this one."""
        # Where the mask leaves out what does not converge an escape region is of no use.
        escapes = self._regions if self._allows(i, 1) else ()
        if any(escape.contains(moved.box) for escape in escapes):
            return True

        def elsewhere(key: Key) -> int | None:
            box = self._part(key, moved.box)
            if box is None:
                return 0
            if any(escape.contains(box) for escape in escapes):
                return 1
            return 0 if moved.misses(box) else None

        table = self.table
        return table.covered(
            moved.box, table.stage[i], group=group, allowed=table.mask[i], elsewhere=elsewhere
        )

    def _regular(self, piece: Piece, steps: int) -> bool:
        """Return whether preimages in the piece of null sets are null."""
        return not self.law.watched or self.law.regular_along(piece[0], steps)

    def _all_axes(self) -> list[int]:
        return list(range(self.law.d))

    def _longest(self, moved: Moved | None, piece: Piece) -> list[int]:
        """Return the axis along which the image is longest; all where there is no image."""
        if moved is None:
            return self._all_axes()
        columns = zip(*moved.linear, strict=True)
        length: list[float] = [max(abs(float(v)) for v in column) for column in columns]
        return [length.index(max(length))]


def _named(word: str, i: int, make: Callable[[Law, Any], Fact], law: Law, given: Any) -> Fact:
    try:
        return make(law, given)
    except Refused as refusal:
        raise Refused(f"{word} {i}: {refusal}") from None


def _cut(piece: Piece, axes: list[int]) -> list[Piece]:
    pieces = [piece]
    for axis in axes:
        halves = []
        for middle, half in pieces:
            small = half[axis] / 2
            rest = [*half[:axis], small, *half[axis + 1 :]]
            for sign in (-1, 1):
                at = middle[axis] + sign * small
                halves.append(([*middle[:axis], at, *middle[axis + 1 :]], rest))
        pieces = halves
    return pieces


_RULES: dict[Reason, Callable[[Lemmas, int, Piece], list[int] | None]] = {
    Reason.CORE: Lemmas._core,
    Reason.TUBE: Lemmas._tube,
    Reason.ESCAPE: Lemmas._escape,
    Reason.IMAGE: Lemmas._image,
    Reason.TRAP: Lemmas._trap,
    Reason.REPELLED: Lemmas._repelled,
    Reason.BLOCK: Lemmas._block,
}

_GROUPED = (Reason.TRAP, Reason.BLOCK)

_FAILS = {
    Reason.CORE: "it is not shown to lie in its core, or its mask leaves out the outcome of it",
    Reason.TUBE: "its orbits are not shown to converge within its room to the outcome it names",
    Reason.ESCAPE: "it is not shown to lie in its escape region, or its mask leaves out this",
    Reason.IMAGE: "its images are not shown to lie in earlier cells with outcomes it names",
    Reason.TRAP: "it is not shown to hold no attracting limit, or its points not to return to its "
    "group or go to earlier cells with outcomes it names",
    Reason.REPELLED: "the residual is not shown to grow within its room, until orbits are in "
    "earlier cells with outcomes it names",
    Reason.BLOCK: "it is not shown to lie in its block, or its image to lie in its group and "
    "earlier cells with outcomes it names",
}
