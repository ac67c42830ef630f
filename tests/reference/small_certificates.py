"""Small certificates, made in floating point by a search of a few lines that proves nothing."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np

from dynsys_gd.checker.content import (
    Bounded,
    CellList,
    Content,
    GivenBarrier,
    GivenBlock,
    GivenCore,
    GivenEscape,
    GivenForm,
    GivenIdentity,
    GivenMap,
    Goal,
    Reason,
    Rule,
    Theorem,
)

SAMPLES = np.linspace(0.0, 1.0, 9)


class Draft:
    """Cells of one level over a region and around it, decided by sampled images."""

    def __init__(self, F, low, high, level, around=0):
        self.F, self.level = F, level
        self.low, self.high = np.array(low, float), np.array(high, float)
        self.d = len(low)
        n = 2**level
        axes = [range(-around * n, (1 + around) * n)] * self.d
        self.cells = dict.fromkeys(product(*axes))
        self.stage = 1
        self.h = (self.high - self.low) / n

    def box(self, place):
        a = self.low + self.h * np.array(place)
        return a, a + self.h

    def ground(self, decide):
        """`decide(low, high)` returns (mask, why, which, room) or None."""
        for place, known in self.cells.items():
            if known is None:
                found = decide(*self.box(place))
                if found is not None:
                    self.cells[place] = (*found, 0)

    def image(self, place, k=1):
        a, b = self.box(place)
        grid = np.stack(np.meshgrid(*([SAMPLES] * self.d), indexing="ij"), -1).reshape(-1, self.d)
        points = a + (b - a) * grid
        with np.errstate(all="ignore"):
            for _ in range(k):
                points = self.F(points)
        low, high = points.min(0), points.max(0)
        slack = 0.02 * (high - low) + 1e-6
        return low - slack, high + slack

    def mask_of(self, low, high, group=(), escaped=lambda low, high: False):
        """The union of masks that a box meets, None where something is not known."""
        if not np.isfinite(low).all() or not np.isfinite(high).all():
            return None
        if escaped(low, high):
            return 1
        first = np.floor((low - self.low) / self.h).astype(int)
        last = np.ceil((high - self.low) / self.h).astype(int) - 1
        if (last - first).max() > 400:
            return None
        mask = 0
        for place in product(*(range(a, b + 1) for a, b in zip(first, last, strict=True))):
            if place in group:
                continue
            known = self.cells.get(place)
            if known is None:
                return None
            mask |= known[0]
        return mask

    def by_images(self, steps=1, escaped=lambda low, high: False):
        """Decide what goes to decided cells, as long as there is any."""
        while True:
            found = {}
            for place, known in self.cells.items():
                if known is None:
                    for k in range(1, steps + 1):
                        mask = self.mask_of(*self.image(place, k), escaped=escaped)
                        if mask is not None:
                            found[place] = (mask, Reason.IMAGE, k, 0.0, self.stage)
                            break
            if not found:
                return
            self.cells.update(found)
            self.stage += 1

    def by_group(self, why, which, fits, escaped=lambda low, high: False):
        """Decide the largest group of undecided cells that fit and only go on or out."""
        group = {p for p, known in self.cells.items() if known is None and fits(*self.box(p))}
        while group:
            masks = {p: self.mask_of(*self.image(p), group=group, escaped=escaped) for p in group}
            out = {p for p, mask in masks.items() if mask is None}
            if not out:
                break
            group -= out
        if group:
            mask = int(np.bitwise_or.reduce(list(masks.values())))
            mask |= why is Reason.TRAP
            self.cells.update(dict.fromkeys(group, (mask, why, which, 0.0, self.stage)))
            self.stage += 1

    def list(self):
        kept = [(p, known) for p, known in self.cells.items() if known is not None]
        place = np.array([p for p, _ in kept], dtype=np.int64)
        column = lambda i, kind: np.array([known[i] for _, known in kept], dtype=kind)  # noqa: E731
        return CellList(
            level=np.full(len(kept), self.level, np.int8),
            place=place,
            mask=column(0, np.uint16),
            why=column(1, np.uint8),
            which=column(2, np.int32),
            room=column(3, np.float64),
            stage=column(4, np.int32),
        )

    def shares(self, bit):
        n = 2**self.level
        inside = [k for p, k in self.cells.items() if all(0 <= i < n for i in p)]
        surely = sum(k is not None and k[0] == bit for k in inside)
        never = sum(k is not None and not k[0] & bit for k in inside)
        total = n**self.d
        return Fraction(surely, total), 1 - Fraction(never, total)


def double_well(level=7):
    """x⁴/4 - x²/2 at η = 1/2 on [-3, 3]: cores at ±1, a block at 0, escape beyond √5."""
    F = lambda x: x - (x**3 - x) / 2  # noqa: E731
    draft = Draft(F, [-3], [3], level)

    def decide(a, b):
        for j, c in ((1, -1.0), (2, 1.0)):
            if abs(a[0] - c) <= 0.25 and abs(b[0] - c) <= 0.25:
                return 1 << j, Reason.CORE, j - 1, 0.0
        if a[0] >= 2.25 or b[0] <= -2.25:
            return 1, Reason.ESCAPE, 0, 0.0
        return None

    escaped = lambda a, b: a[0] >= 2.25 or b[0] <= -2.25  # noqa: E731
    draft.ground(decide)
    draft.by_images(3, escaped)
    draft.by_group(Reason.BLOCK, 0, lambda a, b: a[0] >= -0.25 and b[0] <= 0.25)
    draft.by_images(3, escaped)
    not_lower, not_upper = draft.shares(1)
    each = [draft.shares(2), draft.shares(4)]
    names = ("the minimum near -1", "the minimum near 1")
    return Content(
        map=GivenMap(
            rule=Rule.GRADIENT_DESCENT,
            variables=("x",),
            loss="x**4/4 - x**2/2",
            step_size=Fraction(1, 2),
            momentum=None,
            images=("x - (x**3 - x)/2",),
        ),
        low=(Fraction(-3),),
        high=(Fraction(3),),
        target=Goal.MINIMA,
        regular_at=(Fraction(2),),
        outcomes=("not", *names, "a minimum"),
        cores=tuple(
            GivenCore(centre=(c,), frame=((1.0,),), radius=0.25, outcome=j)
            for j, c in ((1, -1.0), (2, 1.0))
        ),
        forms=(GivenForm(equations=("x**3 - x",), factors=(("1",),), outcome=3),),
        blocks=(GivenBlock(lower=(-0.25,), upper=(0.25,), frame=((1.0,),), unstable=1),),
        escapes=(GivenEscape(kind="far", radius=Fraction(9, 4)),),
        cells=draft.list(),
        claim=Bounded(
            lower=1 - not_upper,
            upper=1 - not_lower,
            by_outcome=tuple((n, *e) for n, e in zip(names, each, strict=True)),
        ),
    )


def beyond(level=6):
    """The double well at η = 11/10: next to nothing converges, a trap and a core-free proof."""
    eta = 1.1
    F = lambda x: x - eta * (x**3 - x)  # noqa: E731
    draft = Draft(F, [-3], [3], level)
    draft.ground(lambda a, b: (1, Reason.ESCAPE, 0, 0.0) if max(a[0], -b[0]) >= 2 else None)
    escaped = lambda a, b: a[0] >= 2 or b[0] <= -2  # noqa: E731
    hessian = lambda x: 3 * x**2 - 1  # noqa: E731

    def fits(a, b):
        ends = np.array([a[0], b[0]])
        gradient = np.array([x**3 - x for x in ends])
        turning = hessian(ends)
        signed = (gradient > 1e-3).all() or (gradient < -1e-3).all()
        flat = (turning > -1).all() and (turning <= 0).any()
        return (signed and not flat) or (turning > 2 / eta + 0.01).all() or (turning < 0).all()

    draft.by_group(Reason.TRAP, 1, fits, escaped)
    not_lower, not_upper = draft.shares(1)
    return Content(
        map=GivenMap(
            rule=Rule.GRADIENT_DESCENT,
            variables=("x",),
            loss="x**4/4 - x**2/2",
            step_size=Fraction(11, 10),
            momentum=None,
            images=("x - 11*x*(x**2 - 1)/10",),
        ),
        low=(Fraction(-3),),
        high=(Fraction(3),),
        target=Goal.MINIMA,
        regular_at=(Fraction(2),),
        outcomes=("not",),
        cores=(),
        forms=(),
        blocks=(),
        escapes=(GivenEscape(kind="far", radius=Fraction(2)),),
        cells=draft.list(),
        claim=Bounded(lower=1 - not_upper, upper=1 - not_lower),
    )


def square(level=6, c=1.0):
    """(xy - 1)²/2 at η = 1/2: almost every point of [-c, c]² converges to a minimum."""
    eta = 0.5

    def F(z):
        x, y = z[..., 0], z[..., 1]
        r = x * y - 1
        return np.stack([x - eta * y * r, y - eta * x * r], -1)

    wide = 2.0
    draft = Draft(F, [-wide, -wide], [wide, wide], level)

    def decide(a, b):
        room = 0.0
        for _ in range(8):
            corners = [np.array(p) for p in product(*zip(a - room, b + room, strict=True))]
            products = [p @ q for p in corners for q in corners]
            q = max(abs(1 - eta * v) for v in products)
            ends = [p[0] * p[1] - 1 for p in product(*zip(a, b, strict=True))]
            needed = eta * np.abs(corners).max() * np.abs(ends).max() / max(1 - q, 1e-9)
            if q < 0.999 and needed * 1.001 < room:
                return 4, Reason.TUBE, 1, float(room)
            room = needed * 1.05
            if room > 2:
                return None
        return None

    draft.ground(decide)
    draft.by_images(2)
    draft.by_group(Reason.BLOCK, 0, lambda a, b: (np.abs([a, b]) <= 0.25).all())
    draft.by_images(4)
    return Content(
        map=GivenMap(
            rule=Rule.GRADIENT_DESCENT,
            variables=("x", "y"),
            loss="(x*y - 1)**2/2",
            step_size=Fraction(1, 2),
            momentum=None,
            images=("x - y*(x*y - 1)/2", "y - x*(x*y - 1)/2"),
        ),
        low=(Fraction(-2), Fraction(-2)),
        high=(Fraction(2), Fraction(2)),
        target=Goal.MINIMA,
        regular_at=(Fraction(1), Fraction(2)),
        outcomes=("not", "a minimum", "a minimum on x*y - 1 = 0"),
        cores=(),
        forms=(
            GivenForm(
                equations=("y*(x*y - 1)", "x*(x*y - 1)"),
                factors=(("1", "0"), ("0", "1")),
                outcome=1,
            ),
            GivenForm(equations=("x*y - 1",), factors=(("y",), ("x",)), outcome=2),
        ),
        blocks=(
            GivenBlock(
                lower=(-0.25, -0.25),
                upper=(0.25, 0.25),
                frame=((1.0, 1.0), (1.0, -1.0)),
                unstable=1,
            ),
        ),
        escapes=(
            GivenEscape(
                kind="orthants", radius=Fraction(9, 4), signs=((1, 1), (1, -1), (-1, 1), (-1, -1))
            ),
        ),
        cells=draft.list(),
        claim=Theorem(
            low=(Fraction(-c), Fraction(-c)),
            high=(Fraction(c), Fraction(c)),
            statement="almost every point converges to a minimum",
        ),
    )


def far_square(level=4):
    """(xy - 1)²/2 at η = 3 on [-3, 3]²: what comes away from the axes escapes."""
    eta = 3.0

    def F(z):
        x, y = z[..., 0], z[..., 1]
        r = x * y - 1
        return np.stack([x - eta * y * r, y - eta * x * r], -1)

    def away(a, b):
        return bool((np.maximum(a, -b) >= 1.5).all())

    draft = Draft(F, [-3, -3], [3, 3], level)
    draft.ground(lambda a, b: (1, Reason.ESCAPE, 0, 0.0) if away(a, b) else None)
    draft.by_images(2, away)
    not_lower, not_upper = draft.shares(1)
    return Content(
        map=GivenMap(
            rule=Rule.GRADIENT_DESCENT,
            variables=("x", "y"),
            loss="(x*y - 1)**2/2",
            step_size=Fraction(3),
            momentum=None,
            images=("x - 3*y*(x*y - 1)", "y - 3*x*(x*y - 1)"),
        ),
        low=(Fraction(-3), Fraction(-3)),
        high=(Fraction(3), Fraction(3)),
        target=Goal.MINIMA,
        regular_at=(Fraction(0), Fraction(0)),
        outcomes=("not",),
        cores=(),
        forms=(),
        blocks=(),
        escapes=(
            GivenEscape(
                kind="orthants",
                radius=Fraction(3, 2),
                signs=((1, 1), (1, -1), (-1, 1), (-1, -1)),
            ),
        ),
        cells=draft.list(),
        claim=Bounded(lower=1 - not_upper, upper=1 - not_lower),
    )


def repelled(level=4):
    """A map that more than doubles: almost every point leaves the origin and escapes."""

    def F(z):
        x, y = z[..., 0], z[..., 1]
        return np.stack([2 * x + y / 4, 2 * y - x / 4], -1)

    def far(a, b):
        return bool((np.maximum(a, -b) >= 1).any())

    draft = Draft(F, [-2, -2], [2, 2], level)
    draft.ground(lambda a, b: (1, Reason.ESCAPE, 0, 0.0) if far(a, b) else None)
    draft.ground(lambda a, b: (1, Reason.REPELLED, 0, 8.0))
    cells = draft.list()
    cells.stage[cells.why == Reason.REPELLED] = 1
    not_lower, not_upper = draft.shares(1)
    return Content(
        map=GivenMap(
            rule=Rule.SYMBOLIC,
            variables=("x", "y"),
            loss=None,
            step_size=None,
            momentum=None,
            images=("2*x + y/4", "2*y - x/4"),
        ),
        low=(Fraction(-2), Fraction(-2)),
        high=(Fraction(2), Fraction(2)),
        target=Goal.FIXED_POINTS,
        regular_at=(Fraction(0), Fraction(0)),
        outcomes=("not", "a fixed point"),
        cores=(),
        forms=(
            GivenForm(
                equations=("x + y/4", "y - x/4"), factors=(("-1", "0"), ("0", "-1")), outcome=1
            ),
        ),
        blocks=(),
        escapes=(GivenEscape(kind="far", radius=Fraction(1)),),
        cells=cells,
        claim=Bounded(lower=1 - not_upper, upper=1 - not_lower),
    )


def outside_the_ellipse(level=5):
    """(xy - 1)²/2 at η = 1/2 on [1, 4]²: beyond x² - xy/2 + y² = 15/2 almost nothing converges."""
    draft = Draft(None, [1, 1], [4, 4], level)

    def beyond_it(a, b):
        # On the region the function grows with both coordinates where it matters.
        ends = [x**2 - x * y / 2 + y**2 for x in (a[0], b[0]) for y in (a[1], b[1])]
        return min(ends) - 0.1 * (b[0] - a[0]) > 7.5

    draft.ground(lambda a, b: (1, Reason.ESCAPE, 0, 0.0) if beyond_it(a, b) else None)
    not_lower, not_upper = draft.shares(1)
    return replace(
        square(2, 1.0),
        low=(Fraction(1), Fraction(1)),
        high=(Fraction(4), Fraction(4)),
        blocks=(),
        escapes=(
            GivenEscape(
                kind="barrier",
                radius=Fraction(0),
                barrier=GivenBarrier(
                    function="x**2 - x*y/2 + y**2 - 15/2",
                    root="x*y/2 - 1/4",
                    least=Fraction(15, 16),
                    form=1,
                    steep=GivenIdentity(alpha=Fraction(1), beta=("1/2",), gamma=Fraction(4)),
                    regular=GivenIdentity(
                        alpha=Fraction(1), beta=("x/2 - y", "-x"), gamma=Fraction(15, 2)
                    ),
                ),
            ),
        ),
        cells=draft.list(),
        claim=Bounded(lower=1 - not_upper, upper=1 - not_lower),
    )
