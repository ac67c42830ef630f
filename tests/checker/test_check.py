"""Certificates that are right are accepted; a change of their content is refused."""

import copy
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from fractions import Fraction
from multiprocessing import get_context

import numpy as np
import pytest
from reference.changed_certificates import (
    barrier,
    cells,
    entry,
    first,
    kept,
    of_map,
    renamed,
    reversed_stages,
)
from reference.small_certificates import (
    beyond,
    double_well,
    far_square,
    outside_the_ellipse,
    repelled,
    square,
)

from dynsys_gd.checker import check
from dynsys_gd.checker.content import Goal, Reason
from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Grade

MAKERS = {
    "double well": double_well,
    "double well beyond": beyond,
    "square": square,
    "far square": far_square,
    "repelled": repelled,
    "ellipse": outside_the_ellipse,
}
CONTENTS = {}


def content(name):
    if name not in CONTENTS:
        CONTENTS[name] = MAKERS[name]()
    return CONTENTS[name]


@pytest.mark.parametrize("name", MAKERS)
def test_a_right_certificate_is_accepted(name):
    result = check(content(name).to_dict())
    assert result.accepted, result
    assert result.evidence.grade is Grade.CERTIFIED
    counted = sum(count for kind, count in result.verified if kind.startswith("cells"))
    assert counted == len(content(name).cells)


def test_the_bounds_hold_the_exact_measure():
    claim = content("double well").claim
    assert claim.lower < np.sqrt(5) / 3 < claim.upper
    assert claim.upper - claim.lower < Fraction(1, 40)


def test_every_lemma_is_there():
    used = {Reason(int(why)) for name in MAKERS for why in np.unique(content(name).cells.why)}
    assert used == set(Reason)


# Changes: each takes a content and returns another one.


def removed_neighbour(old):
    """Without a cell of the first stage that images rely on."""
    inner = np.flatnonzero((old.cells.why == Reason.IMAGE) & (old.cells.stage == 1))
    rows = np.ones(len(old.cells), bool)
    rows[inner[len(inner) // 2]] = False
    return kept(old, rows)


def removed_from_group(old):
    rows = np.ones(len(old.cells), bool)
    rows[first(old, Reason.TRAP)] = False
    return kept(old, rows)


def twice(old):
    return kept(old, [*range(len(old.cells)), 3])


def one_more(old):
    claim = old.claim
    return replace(old, claim=replace(claim, lower=claim.lower + Fraction(1, 2**7)))


def one_less(old):
    claim = old.claim
    return replace(old, claim=replace(claim, upper=claim.upper - Fraction(1, 2**7)))


def one_more_outcome(old):
    (name, low, high), *rest = old.claim.by_outcome
    grown = ((name, low + Fraction(1, 2**7), high), *rest)
    return replace(old, claim=replace(old.claim, by_outcome=grown))


def wider_theorem(old):
    wide = Fraction(33, 16)
    return replace(old, claim=replace(old.claim, low=(-wide, -wide), high=(wide, wide)))


def to_corner(old):
    """The theorem up to the cycle in the corner, where cells are missing."""
    return replace(old, claim=replace(old.claim, high=(Fraction(2), Fraction(2)),
                                      low=(Fraction(-2), Fraction(-2))))  # fmt: skip


def turned(old):
    """Two cells that go to different minima, said to go to the other one each."""
    moved = old.cells.why == Reason.IMAGE
    left, right = (int(np.flatnonzero(moved & (old.cells.mask == bit))[0]) for bit in (2, 4))
    return cells(old, [left, right], mask=[4, 2])


def swapped(old):
    a, b, *rest = old.outcomes[1:]
    return replace(old, outcomes=("not", b, a, *rest))


WELL, BEYOND, SQUARE, FAR, REPELLED, ELLIPSE = MAKERS
TAMPERED = {
    "step size": (WELL, lambda c: of_map(c, step_size=Fraction(51, 100)), "image 0"),
    "negative step size": (WELL, lambda c: of_map(c, step_size=Fraction(-1, 2)), "step size"),
    "loss with images kept": (WELL, lambda c: of_map(c, loss="x**4/4 - x**2"), "image 0"),
    "loss in two variables": (SQUARE, lambda c: of_map(c, loss="(x*y - 1)**2"), "image 0"),
    "images with loss kept": (
        WELL,
        lambda c: of_map(c, images=("x - (x**3 - x)/3",)),
        "image 0",
    ),
    "region corner": (WELL, lambda c: replace(c, low=(Fraction(-4),)), "cell"),
    "region of no width": (WELL, lambda c: replace(c, low=(Fraction(3),)), "region"),
    "mask of another core": (WELL, lambda c: cells(c, first(c, Reason.CORE), mask=4), "bounds of"),
    "masks turned": (WELL, turned, "cell"),
    "mask of no outcome": (WELL, lambda c: cells(c, 0, mask=0), "mask"),
    "mask of an unknown outcome": (WELL, lambda c: cells(c, 0, mask=16), "mask"),
    "escape that converges": (WELL, lambda c: cells(c, first(c, Reason.ESCAPE), mask=2), "bound"),
    "cell moved": (WELL, lambda c: cells(c, first(c, Reason.CORE), place=[100]), "twice"),
    "cell moved to nowhere": (
        WELL,
        lambda c: cells(c, first(c, Reason.CORE), place=[1000]),
        "share|cell",
    ),
    "cell removed": (WELL, removed_neighbour, "share|images"),
    "cell of a group removed": (BEYOND, removed_from_group, "share|return"),
    "cell twice": (WELL, twice, "twice"),
    "level changed": (WELL, lambda c: cells(c, 60, level=6), "overlap|share|cell"),
    "levels changed": (WELL, lambda c: cells(c, slice(None), level=8), "share|cell"),
    "room shrunk": (
        SQUARE,
        lambda c: cells(c, first(c, Reason.TUBE), room=c.cells.room.max() / 100),
        "room",
    ),
    "room enlarged": (SQUARE, lambda c: cells(c, first(c, Reason.TUBE), room=3.0), "room"),
    "room of a core": (WELL, lambda c: cells(c, first(c, Reason.CORE), room=1.0), "room"),
    "stages reversed": (WELL, reversed_stages, "stage|cell"),
    "stage of an image": (
        WELL,
        lambda c: cells(c, int(np.argmax(c.cells.stage)), stage=0),
        "images|share|group",
    ),
    "image in the stage of a group": (
        WELL,
        lambda c: cells(c, c.cells.why == Reason.BLOCK, stage=1),
        "group",
    ),
    "all cells a trap": (
        WELL,
        lambda c: cells(c, slice(None), why=4, stage=1, which=1, mask=1),
        "share|limit|bound",
    ),
    "core enlarged": (WELL, lambda c: entry(c, "cores", 0, radius=0.6), "core 0: the ball"),
    "core moved": (WELL, lambda c: entry(c, "cores", 0, centre=(-0.5,)), "core 0"),
    "core of an unstable point": (WELL, lambda c: entry(c, "cores", 0, centre=(0.0,)), "core 0"),
    "core of no size": (WELL, lambda c: entry(c, "cores", 0, radius=-0.25), "core 0"),
    "core frame singular": (WELL, lambda c: entry(c, "cores", 0, frame=((0.0,),)), "frame"),
    "core outcome": (WELL, lambda c: entry(c, "cores", 0, outcome=2), "core 0"),
    "block enlarged": (
        WELL,
        lambda c: entry(c, "blocks", 0, lower=(-0.75,)),
        "block 0: the unstable",
    ),
    "block frame": (
        SQUARE,
        lambda c: entry(c, "blocks", 0, frame=((1.0, 1.0), (-1.0, 1.0))),
        "block 0",
    ),
    "block frame turned": (
        SQUARE,
        lambda c: entry(c, "blocks", 0, frame=((1.0, 0.0), (0.0, 1.0))),
        "block 0",
    ),
    "unstable count": (SQUARE, lambda c: entry(c, "blocks", 0, unstable=2), "block 0"),
    "block too small": (
        SQUARE,
        lambda c: entry(c, "blocks", 0, upper=(0.125, 0.25)),
        "lie in its block",
    ),
    "escape radius lowered": (
        WELL,
        lambda c: entry(c, "escapes", 0, radius=Fraction(2)),
        "escape region 0",
    ),
    "orthants lowered": (
        SQUARE,
        lambda c: entry(c, "escapes", 0, radius=Fraction(3, 2)),
        "escape region 0",
    ),
    "orthants not closed": (
        SQUARE,
        lambda c: entry(c, "escapes", 0, signs=((1, 1), (1, -1))),
        "not listed",
    ),
    "far for orthants": (
        SQUARE,
        lambda c: entry(c, "escapes", 0, kind="far", signs=()),
        "escape region 0",
    ),
    "claim from below": (WELL, one_more, "lower bound"),
    "claim from above": (WELL, one_less, "upper bound"),
    "claim of one outcome": (WELL, one_more_outcome, "bounds of"),
    "theorem on a larger box": (SQUARE, wider_theorem, "not covered"),
    "theorem up to a cycle": (SQUARE, to_corner, "not covered"),
    "theorem with other words": (
        SQUARE,
        lambda c: replace(c, claim=replace(c.claim, statement="every point converges")),
        "statement",
    ),
    "outcomes swapped": (WELL, swapped, "core 0"),
    "outcome renamed": (WELL, lambda c: renamed(c, 1, "the minimum near -2"), "core 0"),
    "outcome of another target": (WELL, lambda c: renamed(c, 1, "the fixed point near -1"), "core"),
    "family renamed": (SQUARE, lambda c: renamed(c, 2, "a minimum on x*y - 2 = 0"), "form 1"),
    "family made unique": (SQUARE, lambda c: renamed(c, 2, "the minimum near (1, 1)"), "form 1"),
    "form factors": (
        SQUARE,
        lambda c: entry(c, "forms", 1, factors=(("x",), ("y",))),
        "form 1: image",
    ),
    "form equation": (
        SQUARE,
        lambda c: entry(c, "forms", 1, equations=("x*y - 2",)),
        "form 1: image",
    ),
    "form of a tube": (SQUARE, lambda c: cells(c, c.cells.why == Reason.TUBE, which=0), "converge"),
    "regular point singular": (
        SQUARE,
        # det DF = (1 - xy/2 + 1/2)^2 ... vanishes where both of its factors do not
        lambda c: replace(c, regular_at=(Fraction(1), Fraction(1))),
        "regular point",
    ),
    "target": (WELL, lambda c: replace(c, target=Goal.FIXED_POINTS), "core 0"),
    "why a core": (WELL, lambda c: cells(c, first(c, Reason.IMAGE), why=0, which=0), "core"),
    "why an escape": (
        WELL,
        lambda c: cells(c, first(c, Reason.CORE), why=2, which=0),
        "escape",
    ),
    "why a block": (WELL, lambda c: cells(c, c.cells.stage == 1, why=6, which=0), "group|block"),
    "why a trap": (BEYOND, lambda c: cells(c, first(c, Reason.ESCAPE), why=4, which=1), "group"),
    "core that is not there": (WELL, lambda c: cells(c, first(c, Reason.CORE), which=5), "entry"),
    "no step": (WELL, lambda c: cells(c, first(c, Reason.IMAGE), which=0), "no step"),
    "one step for three": (
        WELL,
        lambda c: cells(c, c.cells.why == Reason.IMAGE, which=1),
        "images",
    ),
    "trap at a stable minimum": (
        BEYOND,
        lambda c: of_map(c, step_size=Fraction(1, 2), images=("x - x*(x**2 - 1)/2",)),
        "escape|limit",
    ),
    "repelled that is attracted": (
        REPELLED,
        lambda c: entry(
            of_map(c, images=("x/2 - y/4", "y/2 + x/4")),
            "forms",
            0,
            equations=("-x/2 - y/4", "-y/2 + x/4"),
        ),
        "escape region 0",
    ),
    "repelled in a hole": (
        REPELLED,
        lambda c: kept(c, np.arange(len(c.cells)) != first(c, Reason.REPELLED)),
        "share",
    ),
    "repelled without room": (
        REPELLED,
        lambda c: cells(c, c.cells.why == Reason.REPELLED, room=0.0),
        "room",
    ),
    "repelled in too small a room": (
        REPELLED,
        lambda c: cells(c, c.cells.why == Reason.REPELLED, room=2.0),
        "room",
    ),
    "barrier moved": (
        ELLIPSE,
        lambda c: barrier(c, function="x**2 - x*y/2 + y**2 - 7"),
        "keep the sign",
    ),
    "barrier turned": (
        ELLIPSE,
        lambda c: barrier(c, function="15/2 - x**2 + x*y/2 - y**2"),
        "identity",
    ),
    "barrier that may vanish": (ELLIPSE, lambda c: barrier(c, least=Fraction(0)), "above 0"),
    "barrier with another root": (ELLIPSE, lambda c: barrier(c, root="x*y/2"), "keep the sign"),
    "barrier of another form": (ELLIPSE, lambda c: barrier(c, form=0), "one equation"),
    "barrier without sharpness": (
        ELLIPSE,
        lambda c: barrier(c, steep__gamma=Fraction(0)),
        "sharpness",
    ),
    "barrier with too much sharpness": (
        ELLIPSE,
        lambda c: barrier(c, steep__gamma=Fraction(5)),
        "sharpness",
    ),
    "barrier on critical points": (
        ELLIPSE,
        lambda c: barrier(c, regular__beta=("x - y", "-x")),
        "gradient",
    ),
    "barrier without a regular point": (
        ELLIPSE,
        lambda c: replace(c, regular_at=None),
        "null sets",
    ),
    "cell on the barrier": (
        ELLIPSE,
        lambda c: cells(c, 0, place=c.cells.place[0] - [0, 1]),
        "escape region",
    ),
    "family of another map": (REPELLED, lambda c: of_map(c, images=("2*x", "2*y")), "form 0"),
    "escape that is none": (
        FAR,
        lambda c: entry(c, "escapes", 0, radius=Fraction(1, 2)),
        "escape region 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_a_changed_certificate_is_refused(name):
    source, change, reason = TAMPERED[name]
    changed = change(copy.copy(content(source)))
    result = check(changed.to_dict())
    assert not result.accepted
    assert any(part in result.refusal for part in reason.split("|")), result.refusal
    assert not result.evidence.grade.rigorous
    assert repr(result).startswith(f"Refused: {result.refusal}")


def test_workers_and_progress_change_nothing():
    told = []
    plain = content("square").to_dict()
    alone = check(plain, progress=lambda done, total: told.append((done, total)))
    n = len(content("square").cells)
    assert told[-1] == (n, n)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        assert check(plain, executor=executor).to_dict() == alone.to_dict()


def test_a_weaker_claim_is_accepted():
    old = content("double well")
    weaker = replace(old.claim, lower=Fraction(1, 2), upper=Fraction(1))
    assert check(replace(old, claim=weaker).to_dict()).accepted


@pytest.mark.parametrize("value", [3, None, b"x", ["a"]])
def test_what_is_no_certificate_is_refused(value):
    with pytest.raises(InvalidInput, match="certificate"):
        check(value)
