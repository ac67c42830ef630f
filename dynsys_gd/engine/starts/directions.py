"""Direction numbers of Sobol sequences: the primitive polynomials and where they begin."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["BITS", "MOST_DIMENSIONS", "direction_numbers", "primitive_polynomials"]

#: Bits of a coordinate: as many as a double below 1 has.
BITS = 53

#: The first coordinate has no polynomial; the others use those of degree 1 to 9.
MOST_DIMENSIONS = 101

# Table: the first numbers m₁ … m_s of each of the coordinates 2, 3, …, in this order, where s is
# the degree of the polynomial; the choice "new-joe-kuo-6" of [joe2008constructing].
_FIRST = """
1 1 3 1 3 1 1 1 1 1 1 3 3 1 3 5 13 1 1 5 5 17 1 1 5 5 5 1 1 7 11 19 1 1 5 1 1 1 1 1 3 11 1 3 5
5 31 1 3 3 9 7 49 1 1 1 15 21 21 1 3 1 13 27 49 1 1 1 15 7 5 1 3 1 15 13 25 1 1 5 5 19 61 1 3
7 11 23 15 103 1 3 7 13 13 15 69 1 1 3 13 7 35 63 1 3 5 9 1 25 53 1 3 1 13 9 35 107 1 3 1 5 27
61 31 1 1 5 11 19 41 61 1 3 5 3 3 13 69 1 1 7 13 1 19 1 1 3 7 5 13 19 59 1 1 3 9 25 29 41 1 3
5 13 23 1 55 1 3 7 3 13 59 17 1 3 1 3 5 53 69 1 1 5 5 23 33 13 1 1 7 7 1 61 123 1 1 7 9 13 61
49 1 3 3 5 3 55 33 1 3 1 15 31 13 49 245 1 3 5 15 31 59 63 97 1 3 1 11 11 11 77 249 1 3 1 11
27 43 71 9 1 1 7 15 21 11 81 45 1 3 7 3 25 31 65 79 1 3 1 1 19 11 3 205 1 1 5 9 19 21 29 157 1
3 7 11 1 33 89 185 1 3 3 3 15 9 79 71 1 3 7 11 15 39 119 27 1 1 3 1 11 31 97 225 1 1 1 3 23 43
57 177 1 3 7 7 17 17 37 71 1 3 1 5 27 63 123 213 1 1 3 5 11 43 53 133 1 3 5 5 29 17 47 173 479
1 3 3 11 3 1 109 9 69 1 1 1 5 17 39 23 5 343 1 3 1 5 25 15 31 103 499 1 1 1 11 11 17 63 105
183 1 1 5 11 9 29 97 231 363 1 1 5 15 19 45 41 7 383 1 3 7 7 31 19 83 137 221 1 1 1 3 23 15
111 223 83 1 1 5 13 31 15 55 25 161 1 1 3 13 25 47 39 87 257 1 1 1 11 21 53 125 249 293 1 1 7
11 11 7 57 79 323 1 1 5 5 17 13 81 3 131 1 1 7 13 23 7 65 251 475 1 3 5 1 9 43 3 149 11 1 1 3
13 31 13 13 255 487 1 3 3 1 5 63 89 91 127 1 1 3 3 1 19 123 127 237 1 1 5 7 23 31 37 243 289 1
1 5 11 17 53 117 183 491 1 1 1 5 1 13 13 209 345 1 1 3 15 1 57 115 7 33 1 3 1 11 7 43 81 207
175 1 3 1 1 15 27 63 255 49 1 3 5 3 27 61 105 171 305 1 1 5 3 1 3 57 249 149 1 1 3 5 5 57 15
13 159 1 1 1 11 7 11 105 141 225 1 3 3 5 27 59 121 101 271 1 3 5 9 11 49 51 59 115 1 1 7 1 23
45 125 71 419 1 1 3 5 23 5 105 109 75 1 1 7 15 7 11 67 121 453 1 3 7 3 9 13 31 27 449 1 3 1 15
19 39 39 89 15 1 1 1 1 1 33 73 145 379 1 3 1 15 15 43 29 13 483 1 1 7 3 19 27 85 131 431 1 3 3
3 5 35 23 195 349 1 3 3 7 9 27 39 59 297 1 1 3 9 11 17 13 241 157 1 3 7 15 25 57 33 189 213 1
1 7 1 9 55 73 83 217 1 3 3 13 19 27 23 113 249 1 3 5 3 23 43 3 253 479 1 1 5 5 11 5 45 117 217
1 3 3 7 29 37 33 123 147
"""


@lru_cache(maxsize=8)
def direction_numbers(dimension: int) -> NDArray[np.uint64]:
    """Return the direction numbers v_b = m_(b+1) 2^(52−b), b = 0 … 52, shape (dimension, 53).

    The recurrence of a polynomial x^s + a₁x^(s−1) + … + 1 is
    m_k = 2a₁m_(k−1) ⊕ 4a₂m_(k−2) ⊕ … ⊕ 2^s m_(k−s) ⊕ m_(k−s).

    References
    ----------
    [joe2008constructing], equations (1) and (2).
    """
    rows = [[1] * BITS]
    numbers = iter(map(int, _FIRST.split()))
    for polynomial in primitive_polynomials(dimension - 1):
        degree = polynomial.bit_length() - 1
        m = [next(numbers) for _ in range(degree)]
        while len(m) < BITS:
            following = m[-degree]
            for back in range(1, degree + 1):
                if polynomial >> (degree - back) & 1:
                    following ^= m[-back] << back
            m.append(following)
        rows.append(m)
    shifts = np.arange(BITS - 1, -1, -1, dtype=np.uint64)
    directions = np.asarray(rows, dtype=np.uint64) << shifts
    directions.flags.writeable = False  # shared by all who ask
    return directions


def primitive_polynomials(count: int) -> list[int]:
    """Return the first primitive polynomials over the field of two elements.

    Bit k of a number is the coefficient of x^k; they come in increasing order.

    Examples
    --------
    >>> [f"{polynomial:b}" for polynomial in primitive_polynomials(4)]
    ['11', '111', '1011', '1101']
    """
    found: list[int] = []
    candidate = 3
    while len(found) < count:
        if _order_of_x(candidate) == 2 ** (candidate.bit_length() - 1) - 1:
            found.append(candidate)
        candidate += 2
    return found


def _order_of_x(polynomial: int) -> int:
    """Return the smallest k > 0 with x^k = 1 modulo a polynomial whose constant term is 1."""
    degree = polynomial.bit_length() - 1
    power, k = 1, 0
    while True:
        power <<= 1
        if power >> degree:
            power ^= polynomial
        k += 1
        if power == 1:
            return k
