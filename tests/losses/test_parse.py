"""Hostile text is refused, quickly and clearly; ordinary formulas come out exact."""

from __future__ import annotations

import builtins
import math
import time

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsys_gd import InvalidInput, Loss, UnsafeExpression
from dynsys_gd.engine.operations import logcosh, sigmoid, softplus
from dynsys_gd.losses.parse import parse_loss
from dynsys_gd.losses.parse_functions import FUNCTIONS

x, y, a = sp.symbols("x y a", real=True)

ORDINARY = [
    ("(x*y-1)**2/2", (x * y - 1) ** 2 / 2),
    ("  x ", x),
    ("0.1*x", x / 10),
    (".5e-3*x + 2.", x / 2000 + 2),
    ("1e2*x", 100 * x),
    ("0.1 + 0.2", sp.Rational(3, 10)),
    ("123456789012345678901234567890*x", 123456789012345678901234567890 * x),
    ("-x**2", -(x**2)),
    ("+x - -y", x + y),
    ("x**-2", x**-2),
    ("x**0.5", sp.sqrt(x)),
    ("x**(3/2)", x ** sp.Rational(3, 2)),
    ("2**3**2", sp.Integer(512)),
    ("x/y/2*x", x**2 / (2 * y)),
    ("x - y - 1 + y", x - 1),
    ("x**y", x**y),
    ("2**x + E**x", 2**x + sp.exp(x)),
    ("pi*x", sp.pi * x),
    ("sqrt(2)*x", sp.sqrt(2) * x),
    ("sqrt(1 + x**2)", sp.sqrt(1 + x**2)),
    ("log(1 + exp(-x*y))", sp.log(1 + sp.exp(-x * y))),
    ("ln(x)", sp.log(x)),
    ("exp(exp(x))", sp.exp(sp.exp(x))),
    ("abs(x) + Abs(y)", sp.Abs(x) + sp.Abs(y)),
    ("max(x, y) - Min(x, 2, y)", sp.Max(x, y) - sp.Min(x, 2, y)),
    ("relu(x)", sp.Max(x, 0)),
    ("sign(x)*y", sp.sign(x) * y),
    ("sigmoid(x) + softplus(y) - logcosh(x*y)", sigmoid(x) + softplus(y) - logcosh(x * y)),
    ("sin(x) + cos(y) + tan(x)", sp.sin(x) + sp.cos(y) + sp.tan(x)),
    ("sinh(x)*cosh(y)*tanh(x)", sp.sinh(x) * sp.cosh(y) * sp.tanh(x)),
    ("atan(x) + arctan(y) + erf(x)", sp.atan(x) + sp.atan(y) + sp.erf(x)),
    ("Max(x, pi)", sp.Max(x, sp.pi)),
    ("(1 - x)**2 + 100*(y - x**2)**2", (1 - x) ** 2 + 100 * (y - x**2) ** 2),
]


@pytest.mark.parametrize(("text", "expression"), ORDINARY, ids=[text for text, _ in ORDINARY])
def test_an_ordinary_formula_is_read_exactly(text: str, expression: sp.Expr) -> None:
    assert parse_loss(text, ["x", "y"]) == Loss(expression, [x, y])


def test_every_function_of_the_list_is_accepted() -> None:
    for name, function in FUNCTIONS.items():
        arguments = ", ".join(["x", "y", "1"][: function.fewest])
        loss = parse_loss(f"{name}({arguments})", ["x", "y"])
        assert np.isfinite(loss([0.3, 0.7]))


def test_parameters_stay_open_and_variables_keep_their_order() -> None:
    loss = parse_loss("(x*y - a)**2", ["y", "x"], ["a", "unused"])
    assert loss.names == ("y", "x")
    assert loss.parameters == ("a",)
    assert float(loss.at(a=2)([3, 1])) == 1.0


def test_a_sum_over_many_data_points_is_an_ordinary_formula() -> None:
    text = "+".join(f"({k}*x + y - {k * k})**2" for k in range(150))
    loss = parse_loss(text, ["x", "y"])
    assert float(loss([0.0, 0.0])) == sum(k**4 for k in range(150))


HOSTILE = {
    # code
    "attribute": "x.real",
    "dunder call": "__import__('os').system('true')",
    "class escape": "().__class__.__bases__",
    "lambda": "(lambda: x)()",
    "list comprehension": "[x for x in (1, 2)]",
    "generator": "sum(x for x in y)",
    "f-string": "f'{x}'",
    "string": "'x'",
    "bytes": "b'x'",
    "walrus": "(x := 1)",
    "assignment": "x = 1",
    "subscript": "x[0]",
    "dict": "{x: 1}",
    "set": "{x}",
    "statement": "import os",
    "two statements": "x; y",
    "conditional": "x if y else 1",
    "boolean": "x and y",
    "negation": "not x",
    "comparison": "x < y",
    "equality": "x == y",
    "keyword argument": "exp(x=1)",
    "starred": "Max(*x)",
    "await": "await x",
    "yield": "(yield x)",
    "decorator character": "x @ y",
    "builtin": "eval(x)",
    "other builtin": "open(x)",
    "print": "print(x)",
    "exec": "exec(x)",
    "None": "None",
    "True": "True",
    "ellipsis": "...",
    "complex": "1j*x",
    "hexadecimal": "0x10",
    "underscored number": "1_000",
    "private name": "_x",
    "floor division": "x//y",
    "modulo": "x % y",
    "bits": "x | y",
    "inversion": "~x",
    "sympy name": "Symbol(x)",
    "sympy heavy": "factorial(x)",
    # size
    "tower of nines": "9**9**9**9",
    "huge power of two": "2**(10**9)",
    "huge power": "(x + 1)**(10**6)",
    "nested powers": "((x**10)**10)**10",
    "expansion": "(x + y + 1)**60",
    "product of powers": "(x+y)**60*(x-y)**60",
    "huge float": "1e999999",
    "huge exponent digits": "1e" + "9" * 1000,
    "many digits": "1" * 3000,
    "power tower": "exp(exp(exp(x)))",
    "mixed tower": "cosh(2**exp(x))",
    "overflowing constant": "exp(10**6)",
    "tower of constants": "exp(exp(10**90))",
    "power by logarithm": "exp(10**9*log(9))",
    "symbolic power by logarithm": "exp(10**90*log(2*x))",
    "quotient of logarithms": "x**(10**40*log(2*x)/log(x))",
    "huge number inside an exponent": "Max(2**(x + 1e50), y)",
    "large coefficient": "1e100*x*1e100*x*1e100*x*1e100",
    "large root": "2**(1/1000003)",
    "tiny constant": "(1e-100)**4*x",
    "long sum": "x" + "+x" * 3000,
    "long product": "x" + "*x" * 900,
    "parentheses": "(" * 100_000 + "x" + ")" * 100_000,
    "fewer parentheses": "(" * 300 + "x" + ")" * 300,
    "open parentheses": "(" * 100_000,
    "signs": "-" * 100_000 + "x",
    "fewer signs": "-" * 900 + "x",
    "mixed signs": "+-" * 60 + "x",
    "right powers": "x**" * 600 + "x",
    "signed powers": "x**-" * 300 + "x",
    "nested calls": "sin(" * 300 + "x" + ")" * 300,
    # undefined
    "zero to a negative power": "0**-1",
    "division by zero": "1/0",
    "division by a hidden zero": "1/(x - x)",
    "division by an unseen zero": "1/((sqrt(2)+sqrt(3))**2 - 5 - 2*sqrt(6))",
    "log of zero": "log(0)",
    "log of a hidden zero": "log(x - x)",
    "log of a negative": "log(-2)",
    "root of a negative": "sqrt(-1)",
    "odd root of a negative": "(-8)**(1/3)",
    "pole": "tan(pi/2)",
    "sign of a close call": "abs(sqrt(5 + 2*sqrt(6)) - sqrt(2) - sqrt(3))",
    # characters
    "caret": "x^2",
    "cyrillic x": "х + 1",
    "fullwidth x": "ｘ + 1",
    "superscript": "x²",
    "greek pi": "π*x",
    "unicode minus": "x − 1",
    "unicode digit": "x*٣",
    "zero width space": "x\u200b",
    "null byte": "x\x00",
    "newline": "x\n+ y",
    "carriage return": "x\r",
    "tab": "x\t+ y",
    "form feed": "\x0cx",
    "comment": "x # y",
    "backslash": "x\\",
    "surrogate": "x\ud800",
    "emoji": "x*😀",
    # malformed
    "empty": "",
    "blank": "   ",
    "unclosed": "(x",
    "unopened": "x)",
    "dangling": "x +",
    "two names": "x y",
    "implicit product": "2x",
    "implicit call": "x(y)",
    "called group": "(x)(y)",
    "tuple": "x, y",
    "bare function": "exp",
    "no argument": "exp()",
    "too many arguments": "exp(x, y)",
    "too few arguments": "Max(x)",
    "unknown name": "x + z",
    "two points": "1.5.2",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_refused_quickly_and_clearly(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(UnsafeExpression) as refused:
        parse_loss(text, ["x", "y"])
    assert time.perf_counter() - started < 1
    error = refused.value
    assert error.argument == "text"
    assert isinstance(error.received, str)
    assert error.expected
    assert str(error).startswith("text: got ")
    assert len(str(error)) < 600


def test_more_than_a_hundred_hostile_texts_are_tried() -> None:
    assert len(HOSTILE) >= 100


@pytest.mark.parametrize("thing", [None, 5, b"x", ["x"], sp.Symbol("x")])
def test_what_is_not_text_is_refused(thing: object) -> None:
    with pytest.raises(UnsafeExpression, match="as text"):
        parse_loss(thing, ["x"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "piece", "remedy"),
    [
        ("x^2", "^", r"at character 2: write \*\* for powers"),
        ("2*x + 3y", "3y", r"write the product with \*"),
        ("x + z", "z", "list it in variables or in parameters"),
        ("exp(x, y)", "exp(x, y)", "1 argument for exp"),
        ("x*foo(y)", "foo(...)", "the functions Abs"),
        ("x(y)", "x(...)", r"write \* between two factors"),
        ("1 + x**(10**6)", "x**(10**6)", "size at most 100"),
        ("y + log(0)", "log(0)", "finite real number"),
        ("х", "х", "cyrillic small letter ha"),
        ("(x", "(x", "never closed"),
    ],
)
def test_a_refusal_names_the_piece_and_the_remedy(text: str, piece: str, remedy: str) -> None:
    with pytest.raises(UnsafeExpression, match=remedy) as refused:
        parse_loss(text, ["x", "y"])
    assert refused.value.received == piece


def test_nothing_is_ever_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    def trap(*_: object, **__: object) -> None:
        raise AssertionError("text was evaluated")

    parse_loss("x + sin(x)", ["x"])  # what the engine compiles once is compiled now
    monkeypatch.setattr(builtins, "eval", trap)
    monkeypatch.setattr(builtins, "exec", trap)
    monkeypatch.setattr(sp, "parse_expr", trap)
    for text in HOSTILE.values():
        with pytest.raises(UnsafeExpression):
            parse_loss(text, ["x", "y"])
    assert parse_loss("x*y + exp(-x**2)", ["x", "y"]).dimension == 2


@pytest.mark.parametrize(
    "names",
    [
        "x",
        "x y",
        [],
        ["x", "x"],
        ["lambda"],
        ["None"],
        ["import"],
        ["__class__"],
        ["a__b"],
        ["_x"],
        ["x "],
        [""],
        ["1x"],
        ["x.y"],
        ["х"],
        ["x" * 50],
        ["exp"],
        ["pi"],
        ["E"],
        [x],
        [None],
        {"x"},
        None,
        [f"x{k}" for k in range(101)],
    ],
    ids=str,
)
def test_a_name_that_is_no_plain_name_is_refused(names: object) -> None:
    with pytest.raises(InvalidInput, match="variables"):
        parse_loss("1", names)  # type: ignore[arg-type]


def test_a_parameter_may_not_be_a_variable_as_well() -> None:
    with pytest.raises(InvalidInput, match="parameters"):
        parse_loss("x", ["x"], ["x"])


# Whatever is accepted means what Python means by it

_LEAVES = st.sampled_from(["x", "y", "2", "0.5", "3", "1.25"])
_FORMULAS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda u: f"-{u}"),
        inner.map(lambda u: f"{u}**2" if u in "xy" else f"({u})**2"),
        st.tuples(st.sampled_from(["sin", "atan", "tanh", "erf"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
    ),
    max_leaves=8,
)
_MEANING = {"sin": math.sin, "atan": math.atan, "tanh": math.tanh, "erf": math.erf}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(_FORMULAS)
def test_an_accepted_formula_has_the_value_that_python_gives_it(text: str) -> None:
    point = {"x": 0.7, "y": -1.3}
    try:
        loss = parse_loss(text, ["x", "y"])
    except UnsafeExpression:
        # A zero denominator, or a size beyond the limits.
        assert any(mark in text for mark in ("/", "**"))
        return
    try:
        expected = eval(text, {"__builtins__": {}}, {**_MEANING, **point})
    except (ZeroDivisionError, OverflowError):
        return
    assert float(loss(list(point.values()))) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def read(text: str) -> Loss | UnsafeExpression:
    try:
        return parse_loss(text, ["x", "y"])
    except UnsafeExpression as error:
        return error


@settings(max_examples=400, deadline=1000, derandomize=True)
@given(st.text(alphabet="xy019.eE+-*/(), _^lambdsingpo", max_size=40))
def test_any_text_is_either_a_loss_or_refused_by_name(text: str) -> None:
    result = read(text)
    if isinstance(result, Loss):
        assert result.names == ("x", "y")
        assert result.exact
    else:
        assert result.argument == "text"


@settings(max_examples=100, deadline=1000, derandomize=True)
@given(st.text(max_size=30))
def test_any_unicode_text_is_either_a_loss_or_refused_by_name(text: str) -> None:
    result = read(text)
    assert isinstance(result, Loss) or result.argument == "text"


@settings(max_examples=200, deadline=1000, derandomize=True)
@given(
    st.lists(
        st.sampled_from(
            ["x", "y", "2", "0.1", "1e90", "+", "-", "*", "/", "**", "(", ")", "exp(", "log(",
             "sqrt(", "abs(", "Max(x,", "pi", "relu(", ")", ")", "x"]
        ),
        max_size=25,
    )
)  # fmt: skip
def test_any_row_of_tokens_is_answered_within_a_second(tokens: list[str]) -> None:
    text = "".join(tokens)
    missing = max(text.count("(") - text.count(")"), 0)
    result = read(text + ")" * missing)
    assert isinstance(result, Loss) or result.argument == "text"
