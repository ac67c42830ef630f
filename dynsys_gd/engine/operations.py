"""Which operations straight-line code consists of, and which functions a user may write."""

from __future__ import annotations

from enum import Enum

import sympy as sp

__all__ = ["SUPPORTED_FUNCTIONS", "Op", "logcosh", "sigmoid", "softplus"]


class Op(Enum):
    """One typed operation. Every printer implements each of them."""

    INPUT = "input"
    PARAMETER = "parameter"
    CONSTANT = "constant"
    ADD = "add"
    MUL = "mul"
    NEG = "neg"
    DIV = "div"
    INTEGER_POWER = "integer_power"
    REAL_POWER = "real_power"
    SQRT = "sqrt"
    EXP = "exp"
    LOG = "log"
    SIN = "sin"
    COS = "cos"
    TAN = "tan"
    SINH = "sinh"
    COSH = "cosh"
    TANH = "tanh"
    ATAN = "atan"
    ERF = "erf"
    SIGMOID = "sigmoid"
    SOFTPLUS = "softplus"
    LOGCOSH = "logcosh"
    ABS = "abs"
    SIGN = "sign"
    STEP = "step"
    MAX = "max"
    MIN = "min"
    LESS = "less"
    LESS_EQUAL = "less_equal"
    EQUAL = "equal"
    NOT = "not"
    AND = "and"
    OR = "or"
    SELECT = "select"

    @property
    def analytic(self) -> bool:
        """Whether the operation is real-analytic wherever it is defined."""
        return self not in _NOT_ANALYTIC


_NOT_ANALYTIC = {
    Op.ABS,
    Op.SIGN,
    Op.STEP,
    Op.MAX,
    Op.MIN,
    Op.LESS,
    Op.LESS_EQUAL,
    Op.EQUAL,
    Op.NOT,
    Op.AND,
    Op.OR,
    Op.SELECT,
}


class sigmoid(sp.Function):
    """Logistic sigmoid 1/(1 + e^-u), kept whole so that it never overflows."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        u = self.args[0]
        return sigmoid(u) * sigmoid(-u)

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return (1 / (1 + sp.exp(-self.args[0])))._eval_evalf(prec)

    def _eval_rewrite_as_exp(self, u: sp.Expr, **_: object) -> sp.Expr:
        return 1 / (1 + sp.exp(-u))


class softplus(sp.Function):
    """Softplus log(1 + e^u), kept whole so that it never overflows."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sigmoid(self.args[0])

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return sp.log(1 + sp.exp(self.args[0]))._eval_evalf(prec)

    def _eval_rewrite_as_exp(self, u: sp.Expr, **_: object) -> sp.Expr:
        return sp.log(1 + sp.exp(u))


class logcosh(sp.Function):
    """log(cosh(u)), kept whole so that it never overflows."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.tanh(self.args[0])

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return sp.log(sp.cosh(self.args[0]))._eval_evalf(prec)

    def _eval_rewrite_as_exp(self, u: sp.Expr, **_: object) -> sp.Expr:
        return sp.log(sp.cosh(u))


SUPPORTED_FUNCTIONS: dict[type, Op] = {
    sp.exp: Op.EXP,
    sp.log: Op.LOG,
    sp.sin: Op.SIN,
    sp.cos: Op.COS,
    sp.tan: Op.TAN,
    sp.sinh: Op.SINH,
    sp.cosh: Op.COSH,
    sp.tanh: Op.TANH,
    sp.atan: Op.ATAN,
    sp.erf: Op.ERF,
    sigmoid: Op.SIGMOID,
    softplus: Op.SOFTPLUS,
    logcosh: Op.LOGCOSH,
    sp.Abs: Op.ABS,
    sp.sign: Op.SIGN,
    sp.Heaviside: Op.STEP,
}
