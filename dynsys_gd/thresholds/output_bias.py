"""The universal bound of networks with squared loss and a bias in their linear last layer."""

from __future__ import annotations

import math

from ..evidence import Evidence, Grade, Outcome
from ..losses.mlp import MLP
from .threshold import Threshold, ThresholdStatus

__all__ = ["output_bias_bound"]


def output_bias_bound(net: MLP) -> Threshold:
    """Return η_c ≤ 2 for L = 1/(2n) Σ ‖f(x) + b - y‖², whatever the data and the activation.

    Notes
    -----
    ∂²L/∂b² = I at every point, so that the sharpness is at least 1 everywhere and no minimum is
    stable for η > 2. A network without that bias, or with another loss, is not covered.
    """
    where = "" if net.analytic is Outcome.YES else " where the loss is twice differentiable"
    return Threshold(
        name="critical step size",
        status=ThresholdStatus.BOUND,
        value=math.nan,
        upper=2.0,
        evidence=Evidence(
            grade=Grade.PROVED,
            reason=f"the second derivative along the output bias is 1{where}, so that every "
            "sharpness is at least 1",
            sources=("craciun2024convergence",),
        ),
    )
