"""Every method that draws starts measures survival as well."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd import (
    Adaptive,
    Box,
    Fate,
    InvalidInput,
    MonteCarlo,
    QuasiMonteCarlo,
    Splitting,
    Stratified,
    Survival,
    SymbolicMap,
    convergent_measure,
)

# Under x -> 2x, y -> 3y/2 the starts that stay within 1 for four steps fill an ellipse.
F = SymbolicMap([2 * x, 3 * y / 2], [x, y])
BOX = Box([-0.4, -0.4], [0.3, 0.5])
STAYS = Survival(steps=4, radius=1)
SHARE = np.pi * 2.0**-4 * 1.5**-4 / (0.7 * 0.9)

METHODS = [
    MonteCarlo(n=4000),
    Adaptive(half_width=0.02),
    QuasiMonteCarlo(n=3000),
    Stratified(n=4000),
]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_the_share_of_an_ellipse(method):
    assert BOX.contains(np.array([[0.0, 1.5**-4], [2.0**-4, 0.0]])).all()
    hits = 0
    for seed in range(20):
        m = convergent_measure(F, BOX, method=method, to=STAYS, rng=seed)
        low, high = m.interval(0.99)
        hits += low <= SHARE <= high
        assert high - low < 0.06
    assert hits >= 18
    assert m.undecided == 0
    assert "stay within 1 for 4 steps" in repr(m)
    assert "audit" not in m.evidence.reason


def test_starts_are_counted_by_what_they_do():
    m = convergent_measure(F, BOX, method=MonteCarlo(n=1000), to=STAYS, rng=0)
    assert dict(m.rows())["starts"] == f"{m.hits} of 1000 stay within 1 for 4 steps"
    assert m.lower == m.hits / 1000
    assert m.to_dict()["details"] == {"yes": m.hits, "no": 1000 - m.hits}
    assert m.tally == ()
    assert m.count(Fate.UNDECIDED) == 0
    with ThreadPoolExecutor(2) as pool:
        again = convergent_measure(
            F, BOX, method=MonteCarlo(n=1000), to=STAYS, rng=0, executor=pool
        )
    assert again.to_dict() == m.to_dict()


def test_none_of_so_many_is_a_bound():
    m = convergent_measure(F, BOX, method=MonteCarlo(n=500), to=Survival(steps=60, radius=1), rng=0)
    assert m.bound.startswith("0 of 500 starts seen to stay within 1 for 60 steps")
    assert m.upper_bound() == pytest.approx(1 - 0.05 ** (1 / 500))


def test_drawn_starts_and_splitting_agree():
    crisis = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "11/5")
    box, to = Box([-3, -3], [3, 3]), Survival(steps=12)
    drawn = convergent_measure(crisis, box, method=MonteCarlo(n=200_000), to=to, rng=0)
    split = convergent_measure(
        crisis, box, method=Splitting(n=1000, moves=10, replicates=5), to=to, rng=0
    )
    assert drawn.interval()[0] < split.interval()[1]
    assert split.interval()[0] < drawn.interval()[1]


def test_a_proof_of_survival_is_not_offered():
    with pytest.raises(InvalidInput, match="MonteCarlo"):
        convergent_measure(F, BOX, method=dg.Enclosure(seconds=1), to=STAYS)
