"""Errors name the argument, what came, what was expected and what to do."""

import pickle

import pytest

from dynsys_gd import InvalidInput, MissingExtra, UnknownParameter
from dynsys_gd.values import unknown_name


def test_message_has_all_four_parts():
    error = InvalidInput("step_size", -1, "a positive number", "write one above 0")
    assert str(error) == "step_size: got -1, expected a positive number; write one above 0"


def test_long_input_is_shown_shortened():
    assert len(str(InvalidInput("text", "x" * 10_000, "a short text"))) < 250


def test_unknown_parameter_lists_the_known_ones():
    error = unknown_name("etta", ["eta", "beta"])
    assert isinstance(error, UnknownParameter)
    assert "'etta'" in str(error)
    assert "beta, eta" in str(error)


@pytest.mark.parametrize(
    "error",
    [InvalidInput("n", 0, "at least 1", "write 1"), MissingExtra("AutodiffLoss", extra="jax")],
)
def test_errors_survive_a_process_boundary(error):
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_missing_extra_gives_the_install_line():
    assert 'pip install "dynsys_gd[jax]"' in str(MissingExtra("AutodiffLoss", extra="jax"))
