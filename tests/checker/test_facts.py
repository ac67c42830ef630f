"""What is verified about parts of the space is seen on orbits; what is false is not verified."""

from dataclasses import replace
from fractions import Fraction

import flint
import numpy as np
import pytest
from flint import arb
from reference.small_certificates import beyond, square

from dynsys_gd.checker.balls import BITS
from dynsys_gd.checker.content import GivenEscape, GivenForm, GivenMap, Goal, Rule
from dynsys_gd.checker.escapes import Escape
from dynsys_gd.checker.facts import Form
from dynsys_gd.checker.images import images
from dynsys_gd.checker.law import Law
from dynsys_gd.checker.table import Refused

RNG = np.random.default_rng(5)
EMPTY = replace(square(2, 1.0), blocks=(), escapes=())


@pytest.fixture(autouse=True)
def precise():
    with flint.ctx.workprec(BITS):
        yield


def descent(step):
    """Gradient descent on (xy - 1)²/2: the law, the form of its minima, and the map in floats."""
    given = replace(
        EMPTY.map,
        step_size=Fraction(step),
        images=(f"x - {step}*y*(x*y - 1)", f"y - {step}*x*(x*y - 1)"),
    )
    law = Law(replace(EMPTY, map=given))
    form = Form(law, GivenForm(equations=("x*y - 1",), factors=(("y",), ("x",)), outcome=1))
    eta = float(Fraction(step))
    return law, form, lambda z: z - eta * z[:, ::-1] * (z.prod(axis=1, keepdims=True) - 1)


def piece(middle, half):
    return [arb(v) for v in middle], [arb(v) for v in half]


def starts(middle, half, n=400):
    return np.array(middle) + np.array(half) * RNG.uniform(-1, 1, (n, 2))


@pytest.mark.parametrize("x", [1.0, 1.3, 1.7, 1.85])
@pytest.mark.parametrize("half", [0.003, 0.02])
def test_a_tube_holds_its_orbits(x, half):
    _, form, F = descent("1/2")
    middle, halves = (x, 1 / x), (half, half)
    rooms = [r for r in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
             if form.attracts(piece(middle, halves), arb(r))]  # fmt: skip
    assert rooms or half == 0.02
    if rooms:
        z = starts(middle, halves)
        for _ in range(3000):
            z = F(z)
            assert (abs(z - middle) <= half + rooms[0]).all()
        assert abs(z.prod(axis=1) - 1).max() < 1e-9


@pytest.mark.parametrize("x", [2.15, 2.3, 3.0])
def test_what_is_repelled_comes_to_the_shell(x):
    _, form, F = descent("1/2")
    middle, half, room = (x, 1 / x), 0.002, 0.1
    found = form.shell(piece(middle, (half, half)), arb(room))
    assert found is not None
    low, high = (float(v) for v in found)
    assert low < high
    z = starts(middle, (half, half))
    for _ in range(2000):
        h = abs(z.prod(axis=1) - 1)
        inside = h <= low
        assert (abs(z - middle) <= half + room).all()
        assert (h <= high).all()
        z = z[inside]
        if not len(z):
            break
        z = F(z)
    assert not len(z)


def test_what_attracts_does_not_repel_and_the_other_way_round():
    _, form, _ = descent("1/2")
    for x, attracts in ((1.0, True), (3.0, False)):
        box = piece((x, 1 / x), (0.001, 0.001))
        assert form.attracts(box, arb(0.05)) is attracts
        assert (form.shell(box, arb(0.05)) is None) is attracts


def test_images_hold_orbits_and_miss_what_they_miss():
    law, _, F = descent("9/10")
    middle, half = (0.9, -0.4), (0.002, 0.001)
    z = starts(middle, half)
    for moved in images(law.values, law.both, *piece(middle, half), 6):
        z = F(z)
        low = np.array([float(x.lower()) for x in moved.box])
        high = np.array([float(x.upper()) for x in moved.box])
        assert ((z >= low) & (z <= high)).all()
        assert not any(moved.misses([arb(v) for v in point]) for point in z[:20])
        assert high[0] - low[0] < 4 * np.ptp(z[:, 0])
    assert moved.misses([moved.box[0] + 10, moved.box[1]])


def law_of(images, names="xy"):
    given = GivenMap(
        rule=Rule.SYMBOLIC,
        variables=tuple(names[: len(images)]),
        loss=None,
        step_size=None,
        momentum=None,
        images=tuple(images),
    )
    return Law(replace(EMPTY, map=given, target=Goal.FIXED_POINTS, regular_at=None))


def test_the_smallest_escape_regions_and_no_smaller():
    law = law_of(["x - (x**3 - x)/2"])
    # |F(x)| > |x| where x² > 1 + 2/η = 5.
    for radius, right in (("2237/1000", True), ("2236/1000", False)):
        given = GivenEscape(kind="far", radius=Fraction(radius))
        if right:
            assert Escape(law, given).contains([arb(3, 0.5)])
            assert not Escape(law, given).contains([arb(2.3, 0.1)])
        else:
            with pytest.raises(Refused, match="grow"):
                Escape(law, given)


@pytest.mark.parametrize("images", [["exp(x)"], ["x/2"], ["x + 1"], ["1"], ["x*y", "y"]])
def test_maps_without_such_escape_regions(images):
    with pytest.raises(Refused):
        Escape(law_of(images), GivenEscape(kind="far", radius=Fraction(10)))


MOMENTUM = {
    "heavy ball": (
        Rule.HEAVY_BALL,
        ("x - (x**3 - x)/3 + (x - p)/4", "x"),
        ("x - (x**3 - x)/3 + (x - p)/5", "x"),
    ),
    "Nesterov": (
        Rule.NESTEROV,
        ("x + (x - p)/4 - ((x + (x - p)/4)**3 - x - (x - p)/4)/3", "x"),
        ("x + (x - p)/4 - (x**3 - x)/3", "x"),
    ),
}


@pytest.mark.parametrize("name", MOMENTUM)
def test_momentum_is_derived_from_the_loss(name):
    rule, right, wrong = MOMENTUM[name]
    for images_, accepted in ((right, True), (wrong, False)):
        given = GivenMap(
            rule=rule,
            variables=("x", "p"),
            loss="x**4/4 - x**2/2",
            step_size=Fraction(1, 3),
            momentum=Fraction(1, 4),
            images=images_,
        )
        content = replace(EMPTY, map=given, regular_at=(Fraction(2), Fraction(1)))
        if accepted:
            law = Law(content)
            # Where the state is at rest at 0 there is no minimum, at 1 there is one.
            assert law.repelling(*piece((0.0, 0.0), (0.1, 0.1)))
            assert not law.repelling(*piece((1.0, 1.0), (0.1, 0.1)))
            assert law.repelling(*piece((1.0, 0.5), (0.1, 0.1)))
        else:
            with pytest.raises(Refused, match="image 0"):
                Law(content)


def test_null_sets_are_watched_where_the_domain_may_fall_apart():
    trap = beyond().cells
    content = replace(
        EMPTY, cells=trap, map=law_content("x + 1/x"), target=Goal.FIXED_POINTS, regular_at=None
    )
    assert Law(content).watched
    assert not Law(content).regular_along([arb(1), arb(0)], 1)
    assert Law(content).regular_along([arb(3), arb(0)], 2)


def law_content(image):
    return GivenMap(
        rule=Rule.SYMBOLIC,
        variables=("x", "y"),
        loss=None,
        step_size=None,
        momentum=None,
        images=(image, "2*y"),
    )
