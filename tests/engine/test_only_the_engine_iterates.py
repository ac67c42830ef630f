"""Outside of the engine no loop feeds the image of a map back into the map."""

import ast
from pathlib import Path

import pytest

import dynsys_gd

PACKAGE = Path(dynsys_gd.__file__).parent
SOURCES = sorted(p for p in PACKAGE.rglob("*.py") if "engine" not in p.relative_to(PACKAGE).parts)
LOOPS = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
EVALUATIONS = {"step", "tangent", "__call__"}


def values_in(node):
    """Yield the nodes from which `node` takes its value; a comparison gives no state."""
    yield node
    if not isinstance(node, ast.Compare):
        for child in ast.iter_child_nodes(node):
            yield from values_in(child)


def names_in(node):
    """Return the names and the attributes, written out, from which `node` takes its value."""
    return {ast.unparse(n) for n in values_in(node) if isinstance(n, (ast.Name, ast.Attribute))}


def changed(target):
    """Return the names that an assignment to `target` changes."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return set().union(*(changed(each) for each in target.elts))
    if isinstance(target, (ast.Subscript, ast.Starred)):
        return changed(target.value)
    return {ast.unparse(target)}


def is_step(node):
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in EVALUATIONS
    )


def iterating_steps(loop):
    """Return the lines on which a step begins from what a step in the same loop has given."""
    assignments = [
        n for n in ast.walk(loop) if isinstance(n, (ast.Assign, ast.AugAssign, ast.NamedExpr))
    ]
    steps = [n for n in ast.walk(loop) if is_step(n)]
    fed, before = set(), -1
    while len(fed) > before:
        before = len(fed)
        for assignment in assignments:
            value = assignment.value
            targets = getattr(assignment, "targets", None) or [assignment.target]
            if any(is_step(n) for n in values_in(value)) or names_in(value) & fed:
                fed |= set().union(*(changed(target) for target in targets))
    return {
        step.lineno for step in steps if any(names_in(argument) & fed for argument in step.args)
    }


def found_in(text):
    loops = [node for node in ast.walk(ast.parse(text)) if isinstance(node, LOOPS)]
    return sorted(set().union(*(iterating_steps(loop) for loop in loops)))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_loop_iterates_a_map(path):
    assert found_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("loop", "found"),
    [
        ("for t in range(9):\n    x = kernel.step(x)[0]", True),
        ("while going:\n    y, r = self.kernel.step(self.x)\n    self.x = 2 * y", True),
        ("for t in range(9):\n    y = k.step(x)\n    z = y[0]\n    x = z.copy()", True),
        ("for t in range(9):\n    x, r, v = kernel.tangent(x, v)", True),
        ("for u in directions:\n    flat &= kernel.step(x + u)[1] == 0", False),
        ("for ray in (x, kernel.step(x)[0]):\n    size = norms(ray)", False),
        ("for rows in blocks:\n    size[rows] = norms(kernel.step(x[rows])[0])", False),
        ("while going.any():\n    going = kernel.step(x[going])[1] > 0", False),
        ("x = kernel.step(kernel.step(x)[0])[0]", False),
    ],
)
def test_the_search_tells_iteration_from_evaluation(loop, found):
    assert bool(found_in(loop)) is found
