"""For which step sizes gradient descent on a linear network folds space: det(I - ηH) ≡ 0."""

from __future__ import annotations

from itertools import product
from typing import Any

import flint
import sympy as sp

from ..engine.ball_printer import ball
from ..errors import DynsysError
from ..evidence import Evidence, Finding, Grade, Outcome
from ..losses.linear_network import LinearNetwork
from ..values import is_exact
from .networks import data_evidence

__all__ = ["network_determinant"]

_PRIME = 2**61 - 1
_LARGEST_MATRIX = 1500
_BALL_BITS = (128, 1024)


def network_determinant(net: LinearNetwork, step_size: sp.Expr, statement: str) -> Finding:
    """Return whether det(I - η∇²L) is not identically zero, by exact arithmetic.

    Parameters
    ----------
    net : LinearNetwork
    step_size : sympy.Expr
        A number, or an expression with open symbols, which asks for every η > 0.
    statement : str
        The statement of the finding.

    Notes
    -----
    *Three layers or more.* Every second derivative holds a product of at least one layer, so
    H(0) = 0 and the determinant is 1 there, for every η.

    *Two layers.* H(0) has the non-zero eigenvalues ±σ_i(C) only, so only η = 1/σ_i(C) could
    fail. Let q be the characteristic polynomial of CCᵀ without its root 0. Where q(H(θ)²) is
    invertible at one further point θ, no 1/η = σ_i(C) is an eigenvalue of H(θ), and no η fails.
    Both are rational matrices; the determinant is taken modulo a prime, and what is not zero
    modulo a prime is not zero. (The leading coefficient along (tW_1, 0) alone decides only where
    the hidden layer is not wider than the rank of Σ.)

    *One layer.* H = I ⊗ Σ everywhere, and exactly the η = 1/λ, λ an eigenvalue of Σ, fail.

    Examples
    --------
    >>> net = LinearNetwork((2, 2, 1), [[1.0, 0.0], [0.0, 1.0]], [[1.0], [2.0]])
    >>> network_determinant(net, sp.Symbol("eta"), "the determinant is not zero").detail
    'not zero for every step size: the points 0 and an integer point with 1 hidden ...'
    """
    if net.depth >= 3:
        reason = f"the Hessian of a product of {net.depth} layers vanishes at 0"
        proved = Evidence(grade=Grade.PROVED, reason=reason, sources=("craciun2024convergence",))
        detail = "determinant 1 at the point 0, for every step size"
        return _finding(statement, Outcome.YES, proved, detail)
    if net.depth == 2:
        return _two_layers(net, statement)
    return _one_layer(net, step_size, statement)


def _two_layers(net: LinearNetwork, statement: str) -> Finding:
    second, cross = net.exact_moments()
    polynomial = _without_root_zero(_short_gram(cross).charpoly())
    if polynomial.degree() == 0:
        known = data_evidence(net, "C = 0, so the Hessian vanishes at 0")
        detail = "determinant 1 at the point 0, for every step size"
        return _finding(statement, Outcome.YES, known, detail)
    known = data_evidence(
        net,
        "the only candidates η = 1/σ(C) are no reciprocal eigenvalue of a second Hessian, by "
        "rational arithmetic",
    )
    sigma, c = _modulo(second), _modulo(cross)
    for active in _hidden_units_to_try(net):
        for attempt in (1, 2):
            layers = _integer_layers(net, active, attempt)
            if _misses_candidates(polynomial, sigma, c, *layers, spare=active < net.widths[1]):
                units = "unit" if active == 1 else "units"
                detail = (
                    "not zero for every step size: the points 0 and an integer point with "
                    f"{active} hidden {units} not zero decide"
                )
                return _finding(statement, Outcome.YES, known, detail)
    tried = Evidence(
        grade=Grade.NUMERICAL,
        reason=f"the determinant vanished modulo {_PRIME} at every point tried",
    )
    return _finding(statement, Outcome.UNDECIDED, tried, "step sizes 1/σ(C) remain open")


def _hidden_units_to_try(net: LinearNetwork) -> list[int]:
    dx, h, dy = net.widths
    most = min(h, dx + dy)
    counts = sorted({min(2**k, most) for k in range(most.bit_length() + 1)})
    return [m for m in counts if m == 1 or m * (dx + dy) <= _LARGEST_MATRIX]


def _integer_layers(
    net: LinearNetwork, active: int, attempt: int
) -> tuple[flint.nmod_mat, flint.nmod_mat]:
    """Return W_1 and W_2 without their hidden units that are zero, small and without pattern."""
    dx, _, dy = net.widths
    entries = [(attempt * (k * k + 2) + 3 * k) % 11 - 5 for k in range(active * (dx + dy))]
    w1 = flint.nmod_mat(active, dx, entries[: active * dx], _PRIME)
    return w1, flint.nmod_mat(dy, active, entries[active * dx :], _PRIME)


def _misses_candidates(
    polynomial: flint.fmpq_poly,
    sigma: flint.nmod_mat,
    c: flint.nmod_mat,
    w1: flint.nmod_mat,
    w2: flint.nmod_mat,
    *,
    spare: bool,
) -> bool:
    """Return whether q(H²) is invertible modulo the prime, H the Hessian at this point.

    Hidden units that are zero give blocks of H of their own, with eigenvalues ±σ_i(R).
    """
    hessian = hessian_modulo(sigma, c, w1, w2)
    if int(_polynomial_of(polynomial, hessian * hessian).det()) == 0:
        return False
    residual = w2 * w1 * sigma - c
    return not spare or int(_polynomial_of(polynomial, _short_gram(residual)).det()) != 0


def _one_layer(net: LinearNetwork, step_size: sp.Expr, statement: str) -> Finding:
    second, _ = net.exact_moments()
    polynomial = _without_root_zero(second.charpoly())
    known = data_evidence(net, "the Hessian is constant, I ⊗ Σ")
    if polynomial.degree() == 0:
        return _finding(statement, Outcome.YES, known, "Σ = 0: the map is the identity")
    if step_size.free_symbols:
        # Σ has a positive eigenvalue λ, so some η = 1/λ fails.
        size = max(float(root.real) for root, _ in polynomial.complex_roots())
        detail = (
            f"zero exactly at η = 1/λ for the {polynomial.degree()} non-zero eigenvalues λ of Σ, "
            f"the smallest at about {1 / size:.6g}; give the step size a value"
        )
        return _finding(statement, Outcome.NO, known, detail)
    if not is_exact(step_size):
        known = known.weakened_to(Grade.CERTIFIED, "the step size is a float")
    if not (step_size.is_Rational or step_size.is_Float):
        return _one_layer_irrational(polynomial, step_size, known, statement)
    eta = sp.Rational(step_size)
    if polynomial(flint.fmpq(int(eta.q), int(eta.p))) != 0:
        return _finding(statement, Outcome.YES, known, "1/η is no eigenvalue of Σ")
    return _finding(statement, Outcome.NO, known, f"1/η = {1 / eta} is an eigenvalue of Σ")


def _one_layer_irrational(
    polynomial: flint.fmpq_poly, eta: sp.Expr, known: Evidence, statement: str
) -> Finding:
    """Decide whether an irrational 1/η is an eigenvalue of Σ, by a ball or minimal polynomial."""
    if _excluded_by_ball(polynomial, eta):
        told = "ball arithmetic excludes 1/η from the eigenvalues"
        certified = known.weakened_to(Grade.CERTIFIED, told)
        return _finding(statement, Outcome.YES, certified, "1/η is no eigenvalue of Σ")
    minimal = _minimal_polynomial(1 / eta)
    if minimal is None:
        tried = Evidence(
            grade=Grade.NUMERICAL,
            reason=f"the enclosure at {_BALL_BITS[-1]} bits contains zero",
        )
        return _finding(statement, Outcome.UNDECIDED, tried, "1/η may be an eigenvalue of Σ")
    if polynomial % minimal != 0:
        return _finding(statement, Outcome.YES, known, "1/η is no eigenvalue of Σ")
    return _finding(statement, Outcome.NO, known, f"1/η = {1 / eta} is an eigenvalue of Σ")


def _excluded_by_ball(polynomial: flint.fmpq_poly, eta: sp.Expr) -> bool:
    for bits in _BALL_BITS:
        with flint.ctx.workprec(bits):
            try:
                inverse, value = 1 / ball(eta), flint.arb(0)
            except DynsysError:
                return False
            for coefficient in reversed(polynomial.coeffs()):
                value = value * inverse + flint.arb(coefficient)
            if value.is_finite() and not value.contains(0):
                return True
    return False


def _minimal_polynomial(number: sp.Expr) -> flint.fmpq_poly | None:
    """Return the minimal polynomial of an algebraic number, or None where it is not known."""
    if not number.is_algebraic or not is_exact(number):
        return None
    coefficients = sp.minimal_polynomial(number, polys=True).all_coeffs()
    entries = [sp.Rational(c) for c in reversed(coefficients)]
    return flint.fmpq_poly([flint.fmpq(int(e.p), int(e.q)) for e in entries])


def hessian_modulo(
    sigma: flint.nmod_mat, c: flint.nmod_mat, w1: flint.nmod_mat, w2: flint.nmod_mat
) -> flint.nmod_mat:
    """Return the Hessian of a two-layer network at integer layers, modulo a prime.

    With R = W_2 W_1 Σ - C its blocks are
    (W_2ᵀW_2)_ab Σ_ij, δ_pq (W_1ΣW_1ᵀ)_ab and (W_2)_pb (W_1Σ)_aj + δ_ab R_pj.
    """
    h, dx, dy = w1.nrows(), w1.ncols(), w2.nrows()
    gram, signal = w2.transpose() * w2, w1 * sigma
    inner, residual = signal * w1.transpose(), w2 * signal - c
    d = h * (dx + dy)
    hessian = flint.nmod_mat(d, d, sigma.modulus())
    for a, i, b in product(range(h), range(dx), range(h)):
        for j in range(dx):
            hessian[a * dx + i, b * dx + j] = gram[a, b] * sigma[i, j]
        for p in range(dy):
            value = w2[p, a] * signal[b, i]
            if a == b:
                value += residual[p, i]
            column = h * dx + p * h + b
            hessian[a * dx + i, column] = value
            hessian[column, a * dx + i] = value
    for p, a, b in product(range(dy), range(h), range(h)):
        hessian[h * dx + p * h + a, h * dx + p * h + b] = inner[a, b]
    return hessian


def _modulo(matrix: flint.fmpq_mat) -> flint.nmod_mat:
    # The entries are dyadic rationals over n: no denominator is a multiple of the prime.
    entries = [int(e.p) * pow(int(e.q), -1, _PRIME) % _PRIME for e in matrix.entries()]
    return flint.nmod_mat(matrix.nrows(), matrix.ncols(), entries, _PRIME)


def _short_gram(cross: Any) -> Any:
    """Return CCᵀ or CᵀC, whichever is smaller: their non-zero eigenvalues are the same."""
    turned = cross.transpose()
    return cross * turned if cross.nrows() <= cross.ncols() else turned * cross


def _without_root_zero(polynomial: flint.fmpq_poly) -> flint.fmpq_poly:
    coefficients = polynomial.coeffs()
    while coefficients and coefficients[0] == 0:
        coefficients = coefficients[1:]
    return flint.fmpq_poly(coefficients)


def _polynomial_of(polynomial: flint.fmpq_poly, matrix: flint.nmod_mat) -> flint.nmod_mat:
    """Return p(A) modulo the prime of A, by Horner's rule."""
    prime, d = matrix.modulus(), matrix.nrows()
    result = flint.nmod_mat(d, d, prime)
    for coefficient in reversed(polynomial.coeffs()):
        result = result * matrix
        value = int(coefficient.p) * pow(int(coefficient.q), -1, prime) % prime
        for k in range(d):
            result[k, k] = result[k, k] + value
    return result


def _finding(statement: str, outcome: Outcome, evidence: Evidence, detail: str) -> Finding:
    return Finding(statement=statement, outcome=outcome, evidence=evidence, detail=detail)
