"""Certificates as searches write them are accepted, and changed ones are not."""

import random
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import sympy as sp
from reference.changed_certificates import (
    barrier,
    cells,
    entry,
    first,
    kept,
    of_map,
    one_field,
    renamed,
    reversed_stages,
)
from sympy.abc import x, y

from dynsys_gd import (
    Box,
    Enclosure,
    GradientDescent,
    HeavyBall,
    Loss,
    SymbolicMap,
    Target,
    basin_theorem,
    convergent_measure,
)
from dynsys_gd.checker import check
from dynsys_gd.checker.content import Goal, Reason
from dynsys_gd.checker.reading import read
from dynsys_gd.errors import InvalidInput

WELL = x**4 / 4 - x**2 / 2
SQUARE = (x * y - 1) ** 2 / 2


def descent(loss, step, *variables):
    return GradientDescent(Loss(loss, list(variables)), step_size=step)


def searched(F, r, width, *, to=Target.MINIMA, apart=False):
    """The certificate of a search that ends by its width: it is always the same."""
    box = Box([-r] * F.dimension, [r] * F.dimension)
    method = Enclosure(width=width, seconds=600.0, apart=apart)
    return convergent_measure(F, box, to=to, method=method).reading.certificate.to_dict()


def proved(r):
    F = descent(SQUARE, "1/2", x, y)
    found = basin_theorem(F, Box([-r, -r], [r, r]), seconds=600.0)
    assert found.scale == 1
    return found.certificate.to_dict()


def himmelblau():
    return descent((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, "1/100", x, y)


def sextic():
    """A well with a stable minimum at 0, and two beyond the critical step size."""
    return descent(x**6 / 6 - x**4 / 2 + x**2 / 4, "1/2", x)


def logistic():
    return SymbolicMap([sp.Rational(7, 2) * x * (1 - x)], [x])


SEARCHES = {
    "double well": lambda: searched(descent(WELL, "9/10", x), 3, 1e-3),
    "its minima apart": lambda: searched(descent(WELL, "1/2", x), 3, 1e-2, apart=True),
    "sextic": lambda: searched(sextic(), 3, 2e-2),
    "logistic": lambda: searched(logistic(), 2, 1e-3, to=Target.FIXED_POINTS),
    "Himmelblau": lambda: searched(himmelblau(), 6, 0.3, apart=True),
    "near the flip": lambda: searched(descent(SQUARE, "9/10", x, y), 2, 0.8),
    "regularised": lambda: searched(descent(SQUARE + (x**2 + y**2) / 10, "1/2", x, y), 3, 0.3),
    "trap in the plane": lambda: searched(descent(WELL + x / 8 + y**2 / 2, "19/20", x, y), 2, 0.3),
    "heavy ball": lambda: searched(
        HeavyBall(Loss(WELL, [x]), step_size="1/2", momentum="1/2"), 2, 0.5
    ),
    # The two families are told apart from below only.
    "two families": lambda: searched(descent(x**2 * y**2 / 2, "1/2", x, y), 1, 0.3),
    "theorem": lambda: proved(1.5),
}


@cache
def plain(name):
    return SEARCHES[name]()


@cache
def content(name):
    return read(plain(name))


@pytest.mark.parametrize("name", SEARCHES)
def test_what_a_search_writes_is_accepted(name):
    result = check(plain(name))
    assert result.accepted, result.refusal
    counted = sum(count for kind, count in result.verified if kind.startswith("cells"))
    assert counted == len(content(name).cells)


def test_the_searches_use_every_lemma():
    used = {Reason(int(why)) for name in SEARCHES for why in np.unique(content(name).cells.why)}
    assert used == set(Reason)


# What is changed in the theorem on [-3/2, 3/2]².


def inside(old):
    """Which cells lie in the region."""
    return ((old.cells.place >> old.cells.level[:, None].astype("int64")) == 0).all(axis=1)


def slowest(old):
    """The numbers of the cells with the most steps."""
    steps = np.where(old.cells.why == Reason.IMAGE, old.cells.which, 0)
    return np.flatnonzero(steps == steps.max())


def relied_on(old):
    """The number of a cell outside the region that holds the image of the middle of another."""
    k = old.cells
    for i in np.flatnonzero((k.why == Reason.IMAGE) & (k.which == 1)):
        a, b = -1.5 + 3 * (k.place[i] + 0.5) / 2.0 ** int(k.level[i])
        image = np.array([a - b * (a * b - 1) / 2, b - a * (a * b - 1) / 2])
        there = np.floor((image[None] + 1.5) / 3 * 2.0 ** k.level[:, None]) == k.place
        (owner,) = np.flatnonzero(there.all(axis=1))
        if not inside(old)[owner]:
            return owner
    raise AssertionError


def without(old, i):
    return kept(old, np.arange(len(old.cells)) != i)


def wider(old):
    """The box larger by a cell, to each side."""
    c = Fraction(3, 2) + Fraction(3, 2 ** int(old.cells.level.max()))
    return replace(old, claim=replace(old.claim, low=(-c, -c), high=(c, c)))


def moved(old, i, by):
    return cells(old, i, place=old.cells.place[i] + by)


def finer(old, i):
    """A cell replaced by a quarter of it."""
    return cells(old, i, level=old.cells.level[i] + 1, place=2 * old.cells.place[i])


def enlarged(old):
    """The block that is used, three times as long."""
    i = int(old.cells.which[first(old, Reason.BLOCK)])
    given = old.blocks[i]
    sides = zip(given.lower, given.upper, strict=True)
    lower, upper = zip(*((2 * a - b, 2 * b - a) for a, b in sides), strict=True)
    return entry(old, "blocks", i, lower=lower, upper=upper)


def block(old, **values):
    return entry(old, "blocks", int(old.cells.which[first(old, Reason.BLOCK)]), **values)


def tube(old, **values):
    """A tube with much room has its fields replaced."""
    return cells(old, int(np.argmax(old.cells.room)), **values)


AXES = ((1.0, 0.0), (0.0, 1.0))
TAMPERED = {
    "step size": (lambda c: of_map(c, step_size=Fraction(3, 5)), "image 0"),
    "step size with its images": (
        lambda c: of_map(
            c,
            step_size=Fraction(3, 5),
            images=("x - 3*y*(x*y - 1)/5", "y - 3*x*(x*y - 1)/5"),
        ),
        "escape region|form|block",
    ),
    "loss": (lambda c: of_map(c, loss="(x*y - 2)**2/2"), "image 0"),
    "an image": (lambda c: of_map(c, images=(c.map.images[0], "y - x*(x*y - 1)/3")), "image 1"),
    "rule": (lambda c: of_map(c, images=c.map.images[::-1]), "image 0"),
    "region": (lambda c: replace(c, low=(Fraction(-8, 5), Fraction(-3, 2))), "covered|cell"),
    "region moved": (
        lambda c: replace(
            c,
            low=(Fraction(-1), Fraction(-1)),
            high=(Fraction(2), Fraction(2)),
            claim=replace(
                c.claim, low=(Fraction(-1), Fraction(-1)), high=(Fraction(2), Fraction(2))
            ),
        ),
        "cell",
    ),
    "box one cell larger": (wider, "not covered"),
    "statement": (
        lambda c: replace(c, claim=replace(c.claim, statement="every point converges")),
        "statement",
    ),
    "target": (lambda c: replace(c, target=Goal.FIXED_POINTS), "form 0"),
    "escape said to converge": (lambda c: cells(c, first(c, Reason.ESCAPE), mask=4), "escape"),
    "tube said to end in a point": (lambda c: tube(c, mask=2), "tube|converge"),
    "image said to end in a point": (lambda c: cells(c, slowest(c)[0], mask=2), "images"),
    "mask of nothing": (lambda c: cells(c, 0, mask=0), "mask"),
    "cell of the box left out": (
        lambda c: without(c, int(np.flatnonzero(inside(c))[-1])),
        "not covered",
    ),
    "cell left out that others rely on": (lambda c: without(c, relied_on(c)), "images"),
    "cell that others rely on diverges": (
        lambda c: cells(c, relied_on(c), mask=1),
        "cell",
    ),
    "group with a cell left out": (
        lambda c: without(c, first(c, Reason.BLOCK)),
        "not covered|in its group|images",
    ),
    "stages reversed": (reversed_stages, "cell"),
    "stages all alike": (lambda c: cells(c, slice(None), stage=0), "group|images"),
    "stage of one cell": (lambda c: cells(c, slowest(c)[0], stage=0), "images|group"),
    "room shrunk": (lambda c: tube(c, room=c.cells.room.max() / 1000), "room"),
    "room enlarged": (lambda c: tube(c, room=4.0), "room"),
    "block enlarged": (enlarged, "block"),
    "block frame": (lambda c: block(c, frame=AXES), "block"),
    "block frame singular": (lambda c: block(c, frame=((1.0, 1.0), (1.0, 1.0))), "regular"),
    "unstable count": (lambda c: block(c, unstable=2), "block"),
    "barrier function": (lambda c: barrier(c, function="x**2 - x*y/2 + y**2 - 7"), "sign"),
    "barrier root": (lambda c: barrier(c, root="x*y/2"), "sign"),
    "barrier least": (lambda c: barrier(c, least=Fraction(1)), "sign"),
    "barrier alpha": (lambda c: barrier(c, steep__alpha=Fraction(7)), "sharpness"),
    "barrier gamma": (lambda c: barrier(c, regular__gamma=Fraction(-1)), "gradient"),
    "factors": (lambda c: entry(c, "forms", 1, factors=(("x",), ("y",))), "form 1"),
    "equation": (lambda c: entry(c, "forms", 1, equations=("x*y - 2",)), "form 1"),
    "regular point": (lambda c: replace(c, regular_at=(Fraction(1), Fraction(1))), "regular"),
    "no regular point": (lambda c: replace(c, regular_at=None), "null"),
    "outcome": (lambda c: renamed(c, 2, "a minimum on x*y - 2 = 0"), "form 1"),
    "level": (lambda c: finer(c, int(np.flatnonzero(inside(c))[5])), "not covered"),
    "place": (lambda c: moved(c, int(np.flatnonzero(inside(c))[5]), [0, 1]), "cell|covered"),
    "cell twice": (lambda c: kept(c, [*range(len(c.cells)), 7]), "twice"),
    "one step for many": (lambda c: cells(c, slowest(c), which=1), "images"),
    "another lemma": (lambda c: cells(c, slowest(c)[0], why=Reason.TUBE, which=1), "converge"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_theorem_is_refused(name):
    change, reason = TAMPERED[name]
    result = check(change(content("theorem")).to_dict())
    assert not result.accepted
    assert any(part in result.refusal for part in reason.split("|")), result.refusal


def claims_no_more(changed, old):
    """Whether what a certificate claims follows from what another one claims."""
    if any(changed[name] != old[name] for name in ("map", "region", "target", "outcomes")):
        return False
    new, claim = read(changed).claim, read(old).claim
    if hasattr(claim, "statement"):
        smaller = all(a >= b for a, b in zip(new.low, claim.low, strict=True))
        smaller &= all(a <= b for a, b in zip(new.high, claim.high, strict=True))
        return smaller and new.statement == claim.statement
    known = {name: (low, high) for name, low, high in claim.by_outcome}
    pairs = [(new.lower, new.upper, (claim.lower, claim.upper))]
    pairs += [(low, high, known.get(name, (2, -1))) for name, low, high in new.by_outcome]
    return all(low <= old_low and high >= old_high for low, high, (old_low, old_high) in pairs)


@pytest.mark.parametrize(("name", "count"), [("theorem", 25), ("sextic", 120), ("logistic", 60)])
def test_what_is_accepted_after_a_random_change_claims_no_more(name, count):
    rng = random.Random(7)
    ends = {"accepted": 0, "refused": 0, "unreadable": 0}
    for _ in range(count):
        changed, where = one_field(plain(name), rng)
        try:
            accepted = check(changed).accepted
        except InvalidInput:
            ends["unreadable"] += 1
            continue
        ends["accepted" if accepted else "refused"] += 1
        assert not accepted or claims_no_more(changed, plain(name)), where
    assert ends["refused"] > count / 3


def test_a_limit_where_the_loss_is_not_real_is_no_minimum():
    F = GradientDescent(Loss(x**2 / 2 - sp.log(x), [x]), "1/2")
    method = Enclosure(width=1e-2)
    right = convergent_measure(F, Box([0.5], [2]), method=method).reading.certificate.content
    assert check(right.to_dict()).accepted
    # The map is odd, so that all of its steps hold on the other side, where log x is not real.
    cells = right.cells
    mirrored = replace(
        right,
        low=tuple(-b for b in right.high),
        high=tuple(-a for a in right.low),
        outcomes=tuple(name.replace("near 1", "near -1") for name in right.outcomes),
        cores=tuple(replace(c, centre=tuple(-z for z in c.centre)) for c in right.cores),
        cells=replace(cells, place=2 ** cells.level.astype(np.int64)[:, None] - 1 - cells.place),
    )
    refused = check(mirrored.to_dict())
    assert not refused.accepted
    assert "real" in repr(refused)
