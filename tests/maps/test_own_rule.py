"""Rules that a user writes: machine code where it says the same, numpy where it cannot."""

from dataclasses import dataclass

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import MLP, Activation, Arithmetic, Keep, StoppingRule, stopping_times
from dynsys_gd.engine.machine.cpu import processor
from dynsys_gd.losses.base import AbstractLoss
from dynsys_gd.maps.gradient_map import GradientMap, checked_setting

X = np.random.default_rng(0).normal(size=(20, 2))
NET = MLP((2, 4, 1), Activation.TANH, X, np.sin(X[:, :1]))
STARTS = np.random.default_rng(1).normal(size=(30, NET.dimension))


@dataclass(frozen=True, repr=False)
class Own(GradientMap):
    loss: AbstractLoss
    step_size: sp.Expr
    scale: sp.Expr

    def __post_init__(self):
        for name in ("step_size", "scale"):
            value = checked_setting(getattr(self, name), name, low=0, low_allowed=False)
            object.__setattr__(self, name, value)

    @staticmethod
    def update_jacobian(state, hessian, settings):
        raise NotImplementedError


class Decayed(Own):
    @staticmethod
    def update(state, gradient, settings):
        g = gradient(state[0])
        return [state[0] - settings["step_size"] * (g + settings["scale"] * state[0])], g


class Normalised(Own):
    """Of one symbol numpy takes the sum without a word: g² in place of |g|²."""

    @staticmethod
    def update(state, gradient, settings):
        g = gradient(state[0])
        size = np.sum(g * g, axis=-1, keepdims=True) ** 0.5 + settings["scale"]
        return [state[0] - settings["step_size"] * g / size], g


class Clipped(Own):
    """A norm that refuses symbols."""

    @staticmethod
    def update(state, gradient, settings):
        g = gradient(state[0])
        size = np.linalg.norm(g, axis=1, keepdims=True)
        return [state[0] - settings["step_size"] * g / np.maximum(size, settings["scale"])], g


class Mirrored(Own):
    """Coordinates that change places."""

    @staticmethod
    def update(state, gradient, settings):
        g = gradient(state[0])
        return [(state[0] - settings["step_size"] * g)[:, ::-1]], g


@pytest.mark.skipif(processor() is None, reason="no machine code here")
def test_a_rule_for_single_coordinates_becomes_machine_code():
    assert Decayed(NET, "1/10", "1/20").kernel().code is not None


@pytest.mark.parametrize("rule", [Normalised, Clipped, Mirrored])
def test_a_rule_that_couples_coordinates_stays_with_numpy(rule):
    assert rule(NET, "1/10", "1/20").kernel().code is None


@pytest.mark.parametrize("rule", [Decayed, Normalised, Clipped, Mirrored])
def test_every_rule_does_what_it_says(rule):
    F = rule(NET, "1/10", "1/20")
    stop = StoppingRule(steps=20, tolerance=None)
    found = stopping_times(F, STARTS, rule=stop, keep=Keep.STATES)
    oracle = stopping_times(F, STARTS, rule=stop, keep=Keep.STATES, arithmetic=Arithmetic.NUMPY)
    np.testing.assert_allclose(found.states, oracle.states, rtol=1e-10, atol=1e-12)
