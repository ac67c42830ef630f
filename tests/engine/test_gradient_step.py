"""Update rules around a gradient in machine code are the update rules of the maps."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from reference.machine_code import CompiledStep

from dynsys_gd import GradientDescent, HeavyBall, Nesterov
from dynsys_gd.engine.machine.cpu import processor
from dynsys_gd.engine.machine.gradient_step import GradientCode, GradientStep, update_code
from dynsys_gd.engine.operations import Op

RULES = {
    "descent": (GradientDescent.update, 1, {"step_size": 0.1}),
    "heavy ball": (HeavyBall.update, 2, {"step_size": 0.1, "momentum": 0.7}),
    "Nesterov": (Nesterov.update, 2, {"step_size": 0.1, "momentum": 0.7}),
}


def decayed(state, gradient, settings):
    """Weight decay apart from the loss, three blocks: nothing like it is in the package."""
    now, before, oldest = state
    g = gradient((now + before + oldest) / 3) + settings["decay"] * now
    return [now - settings["step_size"] * g, now, before], g


RULES["decay"] = (decayed, 3, {"step_size": 0.1, "decay": 0.25})


@dataclass(frozen=True)
class Cubes(GradientCode):
    """∂L/∂x_i = a x_i³ + x_{i+1}, indices modulo d; a is the one number of the data."""

    size: int

    @property
    def dimension(self):
        return self.size

    def lanes(self, host):
        return host.width

    def write(self, module):
        f = module.function(
            "gradient", [("ptr", "point"), ("ptr", "gradient"), ("ptr", "parameters")]
        )
        scale = f.broadcast(f.load("%parameters", kind="double"))
        lanes = module.lanes
        for i in range(self.dimension):
            x = f.load(f.offset("%point", i * lanes))
            following = f.load(f.offset("%point", (i + 1) % self.dimension * lanes))
            value = f.add(f.mul(scale, f.mul(f.mul(x, x), x)), following)
            f.store(value, f.offset("%gradient", i * lanes))
        f.give()


def expected(update, blocks, settings, states):
    def gradient(x):
        return 0.3 * (x * x * x) + np.roll(x, -1, axis=1)

    parts = np.split(states, blocks, axis=1)
    images, used = update(parts, gradient, settings)
    rest = [after - before for before, after in pairwise(parts)]
    return np.concatenate(images, axis=1), np.concatenate([used, *rest], axis=1)


@pytest.mark.skipif(processor() is None, reason="no machine code here")
@pytest.mark.parametrize("dimension", [1, 3, 40])  # unrolled, and in a loop
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("lanes", "fused"), [(2, False), (4, True), (8, False), (16, True)])
def test_steps_and_residuals(rule, dimension, lanes, fused):
    update, blocks, settings = RULES[rule]
    code = GradientStep(Cubes(dimension), update_code(update, blocks, tuple(settings)))
    assert (code.dimension, code.residuals) == (blocks * dimension, blocks * dimension)
    compiled = CompiledStep(code, lanes=lanes, fused=fused)
    states = np.random.default_rng([dimension, lanes]).normal(size=(lanes, code.dimension))
    parameters = np.array([*settings.values(), 0.3])
    images, residuals = expected(update, blocks, settings, states)
    got, rest = compiled.step_with_residual(states, parameters, in_place=False)
    np.testing.assert_allclose(got, images, rtol=0, atol=2e-15 * np.abs(images).max())
    np.testing.assert_allclose(rest, residuals, rtol=0, atol=2e-15 * np.abs(residuals).max())
    # Bit for bit the same with and without the residual, in place or not.
    for in_place in (False, True):
        np.testing.assert_array_equal(compiled.step(states, parameters, in_place=in_place), got)
    again, same = compiled.step_with_residual(states, parameters, in_place=True)
    np.testing.assert_array_equal(again, got)
    np.testing.assert_array_equal(same, rest)


@pytest.mark.skipif(processor() is None, reason="no machine code here")
def test_without_contraction_descent_is_numpys_to_the_last_bit():
    update, blocks, settings = RULES["descent"]
    for dimension in (4, 30):
        code = GradientStep(Cubes(dimension), update_code(update, blocks, tuple(settings)))
        states = np.random.default_rng(5).normal(size=(8, dimension))
        images, residuals = expected(update, blocks, settings, states)
        compiled = CompiledStep(code, lanes=8, fused=False)
        got, rest = compiled.step_with_residual(states, np.array([0.1, 0.3]), in_place=False)
        np.testing.assert_array_equal(got, images)
        np.testing.assert_array_equal(rest, residuals)


@pytest.mark.skipif(processor() is None, reason="no machine code here")
def test_fused_steps_do_not_depend_on_the_number_of_lanes():
    update, blocks, settings = RULES["Nesterov"]
    code = GradientStep(Cubes(30), update_code(update, blocks, tuple(settings)))
    states = np.random.default_rng(6).normal(size=(16, 60))
    parameters = np.array([0.1, 0.7, 0.3])
    widest = CompiledStep(code, lanes=16, fused=True).step(states, parameters, in_place=False)
    for lanes in (2, 8):
        compiled = CompiledStep(code, lanes=lanes, fused=True)
        got = compiled.step(states[:lanes], parameters, in_place=True)
        np.testing.assert_array_equal(got, widest[:lanes])


def test_equal_rules_share_code_and_different_ones_do_not():
    codes = [
        GradientStep(Cubes(d), update_code(rule.update, blocks, ("step_size", "momentum")[:blocks]))
        for d, rule, blocks in [
            (2, HeavyBall, 2),
            (2, HeavyBall, 2),
            (2, Nesterov, 2),
            (3, HeavyBall, 2),
        ]
    ]
    assert codes[0] == codes[1]
    assert hash(codes[0]) == hash(codes[1])
    assert len(set(codes)) == 3


def test_where_the_gradient_is_taken():
    def point(rule):
        tape = update_code(rule.update, 2, ("step_size", "momentum")).point
        return tape.code[tape.outputs[0]].op

    assert point(HeavyBall) is Op.INPUT  # at the state itself: nothing is copied
    assert point(Nesterov) is Op.ADD


def test_work_grows_with_the_update_and_the_gradient():
    plain, momentum = (
        GradientStep(Cubes(10), update_code(update, blocks, tuple(settings))).work
        for update, blocks, settings in (RULES["descent"], RULES["Nesterov"])
    )
    assert Cubes(10).work < plain < momentum
