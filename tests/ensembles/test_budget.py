"""Every cap is checked; windows double and add up."""

import dataclasses

import pytest

from dynsys_gd import Budget, InvalidInput


@pytest.mark.parametrize("steps", [1, 5, 32, 33, 1000, 2**14])
@pytest.mark.parametrize("first", [1, 32, 10_000])
def test_windows_double_and_add_up(steps, first):
    windows = Budget(steps=steps, first_window=first).windows()
    assert sum(windows) == steps
    done = 0
    for length in windows[:-1]:
        assert length == max(first, done)
        done += length
    assert windows[-1] <= max(first, done)


COUNTS = [
    "steps",
    "first_window",
    "growth_steps",
    "max_period",
    "perturbations",
    "replay_steps",
    "lyapunov_steps",
]
SHARES = ["tolerance", "capture", "margin", "kernel_tolerance", "recurrence", "persistence"]


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", [0, -1, 1.5, "8", None, True, float("nan")])
def test_counts_are_whole_and_positive(name, value):
    with pytest.raises(InvalidInput, match=name):
        Budget(**{name: value})


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("value", [0, -0.1, 1.0, float("nan"), float("inf"), "1", None, True])
def test_shares_lie_between_zero_and_one(name, value):
    with pytest.raises(InvalidInput, match=name):
        Budget(**{name: value})


@pytest.mark.parametrize("value", [0.5, float("inf"), float("nan"), "big", None])
@pytest.mark.parametrize("name", ["radius", "horizon"])
def test_the_radius_and_the_horizon_are_at_least_one(name, value):
    with pytest.raises(InvalidInput, match=name):
        Budget(**{name: value})


def test_the_horizon_is_not_inside_the_radius():
    assert Budget(radius=10.0, horizon=10.0).horizon == 10.0
    with pytest.raises(InvalidInput, match="horizon of at least the radius"):
        Budget(radius=1e3, horizon=1e2)


@pytest.mark.parametrize("value", [-1, 0.5, None, True])
def test_the_seed_is_a_whole_number(value):
    with pytest.raises(InvalidInput, match="seed"):
        Budget(seed=value)


@pytest.mark.parametrize("value", ["plain", None, 0])
def test_the_arithmetic_is_a_member(value):
    with pytest.raises(InvalidInput, match="arithmetic"):
        Budget(arithmetic=value)


def test_exponents_need_two_batches():
    for wrong in ({"lyapunov_batches": 1}, {"lyapunov_steps": 10, "lyapunov_batches": 20}):
        with pytest.raises(InvalidInput, match="batches"):
            Budget(**wrong)


def test_every_field_is_covered_here():
    """A new setting must join one of the lists above, and so be checked."""
    others = {"radius", "horizon", "seed", "lyapunov_batches", "arithmetic"}
    assert {field.name for field in dataclasses.fields(Budget)} == {*COUNTS, *SHARES, *others}
