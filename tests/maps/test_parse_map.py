"""Maps from text: what comes out, and what is refused with the reason."""

import pytest
import sympy as sp

from dynsys_gd import SymbolicMap, parse_map
from dynsys_gd.errors import InvalidInput, UnsafeExpression


def test_images_in_order():
    F = parse_map("y, max(x, 1/2) - 0.1*y", ["x", "y"])
    assert isinstance(F, SymbolicMap)
    assert F.names == ("x", "y")
    assert F.exact_image([2, 3]) == (3, sp.Rational(17, 10))
    assert F.exact


def test_one_image_needs_no_comma():
    assert parse_map("r*x*(1 - x)", ["x"], ["r"]).at(r=4).exact_image([sp.Rational(1, 4)]) == (
        sp.Rational(3, 4),
    )
    assert parse_map("(x, -y)", ["x", "y"]).exact_image([1, 2]) == (1, -2)


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("x, y, x", "2 formulas"),
        ("x", "2 formulas"),
        ("(x, y), x", "Tuple|tuple"),
        ("x^2, y", r"\*\*"),
        ("x, z", "names x, y"),
        ("x, __import__('os')", "double underscores"),
        ("x, sqrt(-1 - 0)", "real"),
        ("", "empty"),
    ],
)
def test_text_that_is_no_map(text, piece):
    with pytest.raises(UnsafeExpression, match=piece):
        parse_map(text, ["x", "y"])


def test_names_are_checked_as_for_losses():
    with pytest.raises(InvalidInput, match="variables as well"):
        parse_map("x", ["x"], ["x"])
