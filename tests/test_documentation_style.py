"""Every public name explains itself: arguments, what comes back, an example that runs."""

import enum
import inspect
import re

import pytest

import dynsys_gd as dg
from dynsys_gd import plots
from dynsys_gd.results import Result

MODULES = {
    "": dg,
    "claims": dg.claims,
    "catalog": dg.catalog,
    "data": dg.data,
    "plots": plots,
    "starts": dg.starts,
    "textbook": dg.textbook,
}

# Records that are read, or built in an example of docs/extending.md, rather than called.
SHOWN_ELSEWHERE = {
    "Evidence": "an example is in its method weakened_to",
    "Finding": "docs/extending.md makes some through claims.checks",
    "Table": "the example of read_table shows one",
    "claims.Case": "docs/extending.md",
    "claims.Claim": "docs/extending.md",
    "claims.Hypothesis": "docs/extending.md",
    "claims.Instance": "docs/extending.md uses one",
    "claims.Observation": "docs/extending.md",
    "catalog.CatalogEntry": "docs/extending.md",
    "catalog.CatalogKind": "docs/extending.md",
    "catalog.CriticalPoint": "docs/extending.md",
    "catalog.Collapse": "the files of the catalogue",
    "catalog.CriticalFamily": "the files of the catalogue",
    "catalog.CriticalStepSize": "the example of the catalogue reads one",
    "catalog.Cycle": "the files of the catalogue",
    "catalog.Fact": "the base of the others",
    "catalog.NoCriticalPoint": "the files of the catalogue",
    "catalog.Plateau": "the files of the catalogue",
    "data.Table": "the example of read_table shows one",
    "starts.Starts": "the functions of starts make some",
    # words without behaviour of their own
    "CriticalKind": "the examples of critical_points show it",
    "Kind": "the examples of fixed_points and stability show it",
    "ThresholdStatus": "the examples of critical_step_size show what it tells",
    # never made by the user
    "Map": "its concrete classes have examples",
}
# Arguments that are described where the same words would be repeated.
DESCRIBED_ELSEWHERE = {
    ("near_flattest", "seconds"): "as in critical_step_size",
    ("near_flattest", "rng"): "as in critical_step_size",
}


def public():
    for place, module in MODULES.items():
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                yield f"{place}.{name}".lstrip("."), thing


THINGS = dict(public())
FUNCTIONS = [name for name, thing in THINGS.items() if inspect.isfunction(thing)]
CLASSES = [
    name
    for name, thing in THINGS.items()
    if inspect.isclass(thing) and not issubclass(thing, (Exception, enum.Enum))
]
ENUMS = [
    name
    for name, thing in THINGS.items()
    if inspect.isclass(thing) and issubclass(thing, enum.Enum)
]


def sections(thing):
    return set(re.findall(r"^(\w[\w ]*)\n-{3,}$", inspect.getdoc(thing) or "", re.M))


def exempt(name):
    return name in SHOWN_ELSEWHERE or name.split(".")[-1] in SHOWN_ELSEWHERE


def test_no_exception_is_out_of_date():
    for name in SHOWN_ELSEWHERE:
        matching = [thing for full, thing in THINGS.items() if name in (full, full.split(".")[-1])]
        assert matching, name
        assert all("Examples" not in sections(thing) for thing in matching), name


@pytest.mark.parametrize("name", THINGS)
def test_begins_with_one_sentence(name):
    first = (inspect.getdoc(THINGS[name]) or "").split("\n\n")[0]
    assert first
    assert first.rstrip().endswith("."), first
    assert first[0].isupper()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_tells_arguments_answer_and_example(name):
    function = THINGS[name]
    text, found = inspect.getdoc(function), sections(function)
    taken = inspect.signature(function).parameters
    if taken:
        assert "Parameters" in found
        described = text.split("Parameters\n", 1)[1].split("\nExamples\n", 1)[0]
        for argument in taken:
            if (name, argument) not in DESCRIBED_ELSEWHERE:
                assert re.search(rf"^(\*\*)?(\w+, )*{argument}(, \w+)*( :|$)", described, re.M)
    assert found & {"Returns", "Yields"} or text.startswith(("Return ", "Read "))
    assert "Examples" in found
    assert ">>> " in text


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_refuses_says_so(name):
    function = THINGS[name]
    if "raise InvalidInput" in inspect.getsource(function):
        assert "Raises" in sections(function)


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_tells_its_fields(name):
    cls = THINGS[name]
    if inspect.isabstract(cls) or name == "Exact":
        return  # no fields
    found = sections(cls)
    assert found & {"Parameters", "Attributes"}
    text = inspect.getdoc(cls)
    for argument in inspect.signature(cls).parameters:
        # The base of the facts describes their source; evidence is the same on every result, and
        # the last two are bookkeeping.
        if argument not in ("source", "evidence", "algebraic", "values"):
            assert re.search(rf"\b{argument}\b", text), argument


@pytest.mark.parametrize("name", [name for name in CLASSES if not exempt(name)])
def test_a_class_shows_an_example(name):
    # A result is made by a function, whose example shows it.
    if not issubclass(THINGS[name], Result):
        assert "Examples" in sections(THINGS[name])


@pytest.mark.parametrize("name", [name for name in ENUMS if not exempt(name)])
def test_words_with_behaviour_show_an_example(name):
    assert "Examples" in sections(THINGS[name])


@pytest.mark.parametrize("name", ENUMS)
def test_every_word_is_explained(name):
    members, text = list(THINGS[name]), inspect.getdoc(THINGS[name])
    source = inspect.getsource(THINGS[name])
    for member in members:
        explained = member.name in text or re.search(rf"#:.*\n\s+{member.name} = ", source)
        assert explained or isinstance(member.value, str), member


@pytest.mark.parametrize("name", [*CLASSES, *ENUMS])
def test_public_methods_are_described(name):
    cls = THINGS[name]
    for attribute, value in vars(cls).items():
        bare = getattr(value, "__func__", getattr(value, "fget", getattr(value, "func", value)))
        if not attribute.startswith("_") and inspect.isfunction(bare):
            described = [
                inspect.getdoc(vars(base)[attribute])
                for base in cls.__mro__
                if attribute in vars(base)
            ]
            assert any(described), f"{name}.{attribute}"
