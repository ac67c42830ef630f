"""Plain data survives being written down to the last bit, and nothing else is written."""

import math
import struct
from enum import IntEnum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsys_gd.engine.journal.plain_text import from_text, to_text
from dynsys_gd.errors import InvalidInput


def same(one, other):
    """Return whether two values are alike: type, bits, and for arrays also order in memory."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float) and not isinstance(one, np.generic):
        return struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, np.ndarray | np.generic):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and one.tobytes() == other.tobytes()
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return one == other


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(st.characters(exclude_categories=()))
)
DATA = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text(st.characters(exclude_categories=())), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(DATA)
def test_data_come_back_as_they_were(value):
    text = to_text(value)
    assert text.isascii()
    assert "\n" not in text
    assert same(from_text(text), value)


ARRAYS = [
    np.array([1.0, -0.0, math.nan, math.inf, 5e-324]),
    np.array([0x7FF8000000000123], dtype=np.uint64).view(np.float64),
    np.arange(12, dtype=">i4").reshape(3, 4),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(12.0).reshape(3, 4)[:, ::2],
    np.zeros((0, 3)),
    np.array(2.5),
    np.array([True, False]),
    np.array([1 + 2j]),
    np.array(["α", "beta"]),
    np.array([1.5, 2.5], dtype=np.float32),
    np.array(["2026-01-01"], dtype="datetime64[D]"),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_arrays_come_back_as_they_were(array):
    back = from_text(to_text({"a": array}))["a"]
    assert same(back, array)
    assert back.flags.writeable
    assert back.flags.f_contiguous == array.flags.f_contiguous or array.base is not None


@pytest.mark.parametrize("value", [np.float64(0.1), np.int8(-3), np.bool_(True), np.float32("nan")])
def test_numbers_of_numpy_stay_what_they_are(value):
    assert same(from_text(to_text([value])), [value])


@pytest.mark.parametrize("digits", [18, 19, 20, 5000])
def test_whole_numbers_have_no_largest(digits):
    for sign in (1, -1):
        number = sign * (10**digits + 7)
        assert from_text(to_text(number)) == number


def test_a_nan_keeps_its_bits():
    value = struct.unpack(">d", bytes.fromhex("fff8000000000abc"))[0]
    assert struct.pack(">d", from_text(to_text(value))).hex() == "fff8000000000abc"


class Colour(IntEnum):
    RED = 1


@pytest.mark.parametrize(
    "value",
    [object(), {1: 2}, {"a": {3}}, b"bytes", Colour.RED, np.array([None]), 1j, [range(3)], len],
    ids=lambda value: type(value).__name__,
)
def test_what_would_come_back_as_something_else_is_refused(value):
    with pytest.raises(InvalidInput, match="answer"):
        to_text(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        '{"a":1}',
        '{"tuple":3}',
        '{"int":"zz"}',
        '{"float":"00"}',
        '{"array":["O",[1],"C",""]}',
        '{"array":["<f8",[2],"C","AAAA"]}',
        '{"array":["<f8",[1],"C","not base64"]}',
        '{"array":["no such type",[1],"C",""]}',
        '{"tuple":[],"dict":{}}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:30],
)
def test_text_of_another_origin_is_no_data(text):
    with pytest.raises(ValueError):  # noqa: PT011
        from_text(text)
