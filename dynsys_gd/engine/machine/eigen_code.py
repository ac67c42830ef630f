"""Eigenvalues and singular values of small matrices on lanes, by Jacobi's rotations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .small_matrices import (
    LaneMatrix,
    LaneVector,
    Scaled,
    answered,
    each_index,
    each_pair,
    largest_of,
    scaled_near_one,
    set_identity,
    summed,
)
from .writer import Function, Module, Variable

__all__ = [
    "write_general_pair",
    "write_pseudo_solution",
    "write_singular",
    "write_symmetric_eigen",
]

_MOST_SWEEPS = 40
_ROUNDING = 2.0**-53
_NOTHING = 1e-290  # products below this, of entries of size 1, are zero


# -- rotations ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rotation:
    """A plane rotation by an angle of at most 45°, zero in the lanes that need none."""

    tangent: str
    sine: str
    half: str  # tangent of half the angle

    def turn(self, f: Function, a: str, b: str) -> tuple[str, str]:
        """Return (cos a - sin b, sin a + cos b), to rounding of the change alone."""
        first = f.sub(a, f.mul(self.sine, f.add(b, f.mul(a, self.half))))
        second = f.add(b, f.mul(self.sine, f.sub(a, f.mul(b, self.half))))
        return first, second


def _rotation(
    f: Function, first: str, last: str, off: str, tolerance: float, moved: Variable
) -> _Rotation:
    """Return the rotation that makes ((first, off), (off, last)) diagonal; note who needs it."""
    square = f.mul(off, off)
    product = f.intrinsic("fabs", f.mul(first, last))
    level = f.mul(product, f.number(tolerance**2))
    above = f.compare("ogt", square, level)
    needed = f.both(above, f.compare("ogt", square, f.number(_NOTHING)))
    moved.set(f.either(moved.get(), needed))
    gap = f.sub(last, first)
    twice = f.add(off, off)
    root = f.intrinsic("sqrt", f.add(f.mul(gap, gap), f.mul(twice, twice)))
    tangent = f.div(twice, f.add(gap, f.intrinsic("copysign", root, gap)))
    tangent = f.select(needed, tangent, f.number(0.0))
    one = f.number(1.0)
    secant = f.intrinsic("sqrt", f.add(f.mul(tangent, tangent), one))
    sine = f.div(tangent, secant)
    return _Rotation(tangent, sine, f.div(tangent, f.add(secant, one)))


@contextmanager
def _sweeps(f: Function, d: int) -> Iterator[Variable]:
    """Repeat the body until no lane has noted a rotation in the variable that is yielded.

    A lane without rotations in one sweep is left as it is by all later ones, so that its result
    does not depend on how long its neighbours take.
    """
    moved = f.variable(f.mask, "zeroinitializer")
    if d == 1:
        yield moved
        return
    count = f.variable("i64", "0")
    bits = f"i{f.module.lanes}"
    with f.repeat() as leave:
        leave(f.value(f"icmp sge i64 {count.get()}, {_MOST_SWEEPS}"))
        count.set(f.value(f"add i64 {count.get()}, 1"))
        moved.set("zeroinitializer")
        yield moved
        leave(f.value(f"icmp eq {bits} {f.packed(moved.get())}, 0"))


def _turn_columns(matrix: LaneMatrix, p: str, q: str, rotation: _Rotation) -> None:
    f = matrix.f

    def one(r: str) -> None:
        a, b = rotation.turn(f, matrix.get(r, p), matrix.get(r, q))
        matrix.set(r, p, a)
        matrix.set(r, q, b)

    each_index(f, matrix.d, one)


def _sort(values: LaneVector, d: int, matrices: list[LaneMatrix]) -> None:
    """Bring values into ascending order, and the columns of matrices along with them."""
    f = values.f

    def swap(i: str, j: str) -> None:
        a, b = values.get(i), values.get(j)
        wrong = f.compare("ogt", a, b)
        values.set(i, f.select(wrong, b, a))
        values.set(j, f.select(wrong, a, b))
        for matrix in matrices:
            each_index(f, d, lambda r, m=matrix: one(m, r, i, j, wrong))  # type: ignore[misc]

    def one(matrix: LaneMatrix, r: str, i: str, j: str, wrong: str) -> None:
        a, b = matrix.get(r, i), matrix.get(r, j)
        matrix.set(r, i, f.select(wrong, b, a))
        matrix.set(r, j, f.select(wrong, a, b))

    each_pair(f, d, swap)


# -- functions on tiles ---------------------------------------------------------------------------


def write_symmetric_eigen(module: Module, d: int, *, vectors: bool) -> str:
    """Define the symmetric eigenproblem on tiles by cyclic Jacobi, and return its name.

    ``(ptr matrix, ptr values[, ptr vectors])``: values ascending, vectors as columns. Only the
    lower triangle of the matrix counts; it is overwritten.
    """
    name = f"symmetric_{'eigen' if vectors else 'values'}_{d}"
    if name in module:
        return name
    pointers = ["matrix", "values"] + ["vectors"] * vectors
    f = module.function(name, [("ptr", p) for p in pointers])
    A, values = LaneMatrix(f, "%matrix", d), LaneVector(f, "%values")
    turned = [LaneMatrix(f, "%vectors", d)] if vectors else []
    each_pair(f, d, lambda p, q: A.set(p, q, A.get(q, p)))
    scaled = scaled_near_one(A)
    for V in turned:
        set_identity(V)
    with _sweeps(f, d) as moved:

        def pair(p: str, q: str) -> None:
            first, last, off = A.get(p, p), A.get(q, q), A.get(p, q)
            rotation = _rotation(f, first, last, off, _ROUNDING, moved)

            def one(r: str) -> None:
                a, b = rotation.turn(f, A.get(r, p), A.get(r, q))
                for i, j, value in ((r, p, a), (p, r, a), (r, q, b), (q, r, b)):
                    A.set(i, j, value)

            if d > 2:
                each_index(f, d, one)  # the four entries where p and q meet are put right below
            change = f.mul(rotation.tangent, off)
            A.set(p, p, f.sub(first, change))
            A.set(q, q, f.add(last, change))
            turns = f.compare("une", rotation.tangent, f.number(0.0))
            left = f.select(turns, f.number(0.0), off)
            A.set(p, q, left)
            A.set(q, p, left)
            for V in turned:
                _turn_columns(V, p, q, rotation)

        each_pair(f, d, pair)
    each_index(f, d, lambda i: values.set(i, answered(f, scaled, A.get(i, i), back=True)))
    _sort(values, d, turned)
    for V in turned:
        _finish(V, scaled, back=False)
    f.give()
    return name


def _finish(matrix: LaneMatrix, scaled: Scaled, *, back: bool) -> None:
    f, d = matrix.f, matrix.d

    def one(i: str, j: str) -> None:
        matrix.set(i, j, answered(f, scaled, matrix.get(i, j), back=back))

    each_index(f, d, lambda i: each_index(f, d, lambda j: one(i, j)))


def write_singular(module: Module, d: int) -> str:
    """Define singular values on tiles by one-sided Jacobi, and return the name.

    ``(ptr matrix, ptr values, ptr right)``: values ascending, right singular vectors as columns V;
    the matrix A is overwritten with A V, whose columns are the left ones times the values.
    """
    name = f"singular_{d}"
    if name in module:
        return name
    f = module.function(name, [("ptr", p) for p in ("matrix", "values", "right")])
    G, V, values = LaneMatrix(f, "%matrix", d), LaneMatrix(f, "%right", d), LaneVector(f, "%values")
    scaled = scaled_near_one(G)
    set_identity(V)

    def inner(p: str, q: str) -> str:
        return summed(f, d, lambda r: f.mul(G.get(r, p), G.get(r, q)))

    with _sweeps(f, d) as moved:

        def pair(p: str, q: str) -> None:
            # Inner products of columns are known to this, relative to the lengths.
            tolerance = 2 * d * _ROUNDING
            rotation = _rotation(f, inner(p, p), inner(q, q), inner(p, q), tolerance, moved)
            for matrix in (G, V):
                _turn_columns(matrix, p, q, rotation)

        each_pair(f, d, pair)

    def length(i: str) -> None:
        value = f.intrinsic("sqrt", inner(i, i)) if d > 1 else f.intrinsic("fabs", G.get(i, i))
        values.set(i, answered(f, scaled, value, back=True))

    each_index(f, d, length)
    _sort(values, d, [G, V])
    _finish(G, scaled, back=True)
    _finish(V, scaled, back=False)
    f.give()
    return name


def write_pseudo_solution(module: Module, d: int, *, symmetric: bool) -> str:
    """Define A⁺ b on tiles, values up to ``cut · max(1, |A|)`` taken as zero; return the name.

    ``(ptr matrix, ptr right_side, ptr solution, ptr parameters)``; the first parameter is the cut.
    Zero where an entry is not finite. The matrix is overwritten.
    """
    name = f"pseudo_solution_{'symmetric' if symmetric else 'general'}_{d}"
    if name in module:
        return name
    apart = (
        write_symmetric_eigen(module, d, vectors=True) if symmetric else write_singular(module, d)
    )
    pointers = ["matrix", "right_side", "solution", "parameters"]
    f = module.function(name, [("ptr", p) for p in pointers])
    lanes = module.lanes
    values = LaneVector(f, f.room(f"[{d * lanes} x double]"))
    V = LaneMatrix(f, f.room(f"[{d * d * lanes} x double]"), d)
    b, x = LaneVector(f, "%right_side"), LaneVector(f, "%solution")
    f.call(apart, ("ptr", "%matrix"), ("ptr", values.tile), ("ptr", V.tile))
    left = (
        V if symmetric else LaneMatrix(f, "%matrix", d)
    )  # left vectors, times the values if general
    largest = largest_of(f, d, lambda i: f.intrinsic("fabs", values.get(i)))
    one, zero = f.number(1.0), f.number(0.0)
    size = f.select(f.compare("ogt", largest, one), largest, one)
    cut = f.mul(f.broadcast(f.load("%parameters", kind="double")), size)
    coefficients = LaneVector(f, f.room(f"[{d * lanes} x double]"))

    def coefficient(i: str) -> None:
        value = values.get(i)
        along = f.div(summed(f, d, lambda j: f.mul(left.get(j, i), b.get(j))), value)
        if not symmetric:
            along = f.div(along, value)
        kept = f.compare("ogt", f.intrinsic("fabs", value), cut)
        coefficients.set(i, f.select(kept, along, zero))

    each_index(f, d, coefficient)
    # NaN and infinity stay NaN under multiplication by zero, and in the sum.
    doubtful = f.add(summed(f, d, lambda i: f.mul(b.get(i), zero)), f.mul(values.get("0"), zero))
    finite = f.compare("oeq", doubtful, zero)

    def entry(i: str) -> None:
        value = summed(f, d, lambda j: f.mul(V.get(i, j), coefficients.get(j)))
        x.set(i, f.select(finite, value, zero))

    each_index(f, d, entry)
    f.give()
    return name


def write_general_pair(module: Module) -> str:
    """Define the eigenvalues of 2 x 2 matrices on tiles, and return the name.

    ``(ptr matrix, ptr real, ptr imaginary)``: two of each; real ones ascending, of complex ones the
    one with positive imaginary part first.

    Notes
    -----
    With m = (a + d)/2 and p = (a - d)/2 they are m ± √(p² + bc). The discriminant and the
    determinant are summed with the errors of their products [dekker1971floating]_, and the
    eigenvalue nearer to zero is the determinant over the other: nothing cancels.
    """
    name = "general_pair"
    if name in module:
        return name
    f = module.function(name, [("ptr", p) for p in ("matrix", "real", "imaginary")])
    A = LaneMatrix(f, "%matrix", 2)
    real, imaginary = LaneVector(f, "%real"), LaneVector(f, "%imaginary")
    scaled = scaled_near_one(A)
    a, b, c, d = (A.get(i, j) for i, j in (("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")))
    half, zero = f.number(0.5), f.number(0.0)
    middle = f.mul(half, f.add(a, d))
    high, low = _exact_sum(f, a, f.neg(d))
    high, low = f.mul(half, high), f.mul(half, low)
    square, error = _exact_product(f, high, high)
    product, other = _exact_product(f, b, c)
    total, rest = _exact_sum(f, square, product)
    twice = f.mul(f.add(high, high), low)
    discriminant = f.add(total, f.add(rest, f.add(f.add(error, other), twice)))
    root = f.intrinsic("sqrt", f.intrinsic("fabs", discriminant))
    far = f.add(middle, f.intrinsic("copysign", root, middle))
    straight, first = _exact_product(f, a, d)
    total, rest = _exact_sum(f, straight, f.neg(product))
    determinant = f.add(total, f.add(rest, f.sub(first, other)))
    near = f.div(determinant, far)
    near = f.select(f.compare("oeq", far, zero), zero, near)
    small = f.select(f.compare("olt", far, near), far, near)
    large = f.select(f.compare("olt", far, near), near, far)
    turning = f.compare("olt", discriminant, zero)
    for i, value, sign in (("0", small, root), ("1", large, f.neg(root))):
        real.set(i, answered(f, scaled, f.select(turning, middle, value), back=True))
        imaginary.set(i, answered(f, scaled, f.select(turning, sign, zero), back=True))
    f.give()
    return name


def _exact_sum(f: Function, a: str, b: str) -> tuple[str, str]:
    """Return a + b as rounded, and what the rounding took away."""
    total = f.add(a, b)
    there = f.sub(total, a)
    return total, f.add(f.sub(a, f.sub(total, there)), f.sub(b, there))


def _exact_product(f: Function, a: str, b: str) -> tuple[str, str]:
    """Return a b as rounded, and what the rounding took away, by halves of the digits."""
    product = f.mul(a, b)
    (a1, a2), (b1, b2) = _halves(f, a), _halves(f, b)
    error = f.sub(f.mul(a1, b1), product)
    error = f.add(f.add(error, f.mul(a1, b2)), f.mul(a2, b1))
    return product, f.add(error, f.mul(a2, b2))


def _halves(f: Function, a: str) -> tuple[str, str]:
    wide = f.mul(a, f.number(2.0**27 + 1))
    high = f.sub(wide, f.sub(wide, a))
    return high, f.sub(a, high)
