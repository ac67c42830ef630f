"""The error function on lanes."""

from __future__ import annotations

from ..writer import Function
from .exponential import at_most, decay
from .polynomials import polynomial

__all__ = ["erf"]

#: erf(x)/x - 1 in x^2 <= 1: error of erf(x)/x below 0.34 * 2^-53.
#: tests/reference/minimax.py computes these again.
NEAR_ZERO = (
    0.12837916709551256,
    -0.3761263890318355,
    0.11283791670945251,
    -0.026866170643275924,
    0.005223977607421532,
    -0.0008548325989622476,
    0.00012055295318722703,
    -1.492474463645024e-05,
    1.6447517419923583e-06,
    -1.620917441311872e-07,
    1.3722971536971402e-08,
    -7.80118284606046e-10,
)

#: -log(1 - erf x) on [1, 6], best for the weight 1 - erf x: error of erf below 0.11 * 2^-53.
FAR = (
    5.132075776195302e-07,
    1.12837399204662,
    0.6366440535578215,
    0.10270229416204323,
    -0.018988050552260723,
    -0.00041352440880968133,
    0.0019189324795580115,
    -0.0007730320930446346,
    0.00013654699956138232,
    1.9527514990383828e-05,
    -2.2534761673543008e-05,
    8.579377256373151e-06,
    -2.1149448380762585e-06,
    3.695920774241592e-07,
    -4.5936787240799044e-08,
    3.890343697137895e-09,
    -2.0205308637185672e-10,
    4.865597453017988e-12,
)


def erf(f: Function, x: str) -> str:
    """Return erf x: x + x p(x^2) up to 1, then 1 - e^-q(|x|); from 6 on it rounds to 1."""
    size = f.intrinsic("fabs", x)
    near = f.fma(x, polynomial(f, f.mul(x, x), NEAR_ZERO), x)
    fading = decay(f, polynomial(f, at_most(f, size, 6.0), FAR))
    far = f.intrinsic("copysign", f.sub(f.number(1.0), fading), x)
    return f.select(f.compare("olt", size, f.number(1.0)), near, far)
