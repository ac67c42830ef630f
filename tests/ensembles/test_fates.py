"""What Fates says of itself, and that details and fates fit together."""

import json

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import (
    Box,
    Detail,
    Fate,
    GradientDescent,
    InvalidInput,
    Loss,
    simulate,
)

x, y = sp.symbols("x y")


@pytest.fixture(scope="module")
def fates():
    F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
    return simulate(F, Box([-3, -3], [3, 3]).grid(20))


def test_every_detail_has_one_fate_and_every_fate_a_detail():
    assert {detail.fate for detail in Detail} == set(Fate)
    converged = {detail for detail in Detail if detail.fate is Fate.CONVERGED}
    assert converged == {
        Detail.MINIMUM,
        Detail.STABLE_POINT,
        Detail.DEGENERATE_MINIMUM,
        Detail.PLATEAU,
        Detail.PARTIAL_PLATEAU,
    }


def test_the_two_codes_of_each_start_agree(fates):
    assert [Detail(d).fate for d in fates.detail] == [Fate(f) for f in fates.fate]


def test_counts_add_up(fates):
    assert sum(fates.counts().values()) == len(fates) == 400
    assert sum(fates.count(fate) for fate in Fate) == 400
    for detail, count in fates.counts().items():
        assert fates.count(detail) == fates.where(detail).sum() == count


def test_only_fates_and_details_can_be_asked_for(fates):
    for wrong in ("converged", 0, None):
        with pytest.raises(InvalidInput):
            fates.where(wrong)


def test_the_first_line_is_a_sentence_with_every_share(fates):
    first, *rest = repr(fates).splitlines()
    assert first == "400 starts: 65 % converged, 33.5 % escaped, 1.5 % undecided"
    assert any("6 saddle reached" in line for line in rest)
    assert len(rest) < 12


def test_plain_data_survives_json(fates):
    data = json.loads(json.dumps(fates.to_dict()))
    assert data["fates"] == {
        "CONVERGED": 260,
        "CYCLING": 0,
        "BOUNDED": 0,
        "ESCAPED": 134,
        "UNDECIDED": 6,
    }
    assert data["details"] == {"MINIMUM": 260, "DIVERGED": 134, "SADDLE_REACHED": 6}
    assert len(data["detail"]) == len(data["limit"]) == 400
    assert data["budget"]["steps"] == fates.budget.steps
    assert data["grade"] == "numerical"


def test_arrays_have_their_shapes_and_are_read_only(fates):
    assert fates.limit.shape == fates.starts.shape == (400, 2)
    for name in ("fate", "detail", "steps", "period", "exponent", "decay", "residual"):
        array = getattr(fates, name)
        assert array.shape == (400,), name
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert fates.fate.dtype == fates.detail.dtype == np.int8


def test_escaped_orbits_have_no_limit(fates):
    assert np.isnan(fates.limit[fates.where(Fate.ESCAPED)]).all()
    assert np.isfinite(fates.limit[~fates.where(Fate.ESCAPED)]).all()


def test_sources_are_in_the_bibliography(fates):
    assert fates.sources()
    assert fates.cite().count("@") >= len(fates.sources())


def test_one_start_is_singular():
    fates = simulate(GradientDescent(Loss(x**2 / 2, [x]), "1/2"), [[1.0]])
    assert repr(fates).startswith("1 start: 100 % converged")
