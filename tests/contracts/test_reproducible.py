"""The same seed gives the same answer to the last bit, whoever computes it."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats
from sympy.abc import beta, eta, x, y

import dynsys_gd as dg

LOSS = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
F = dg.GradientDescent(LOSS, "1/2")
BEYOND = dg.GradientDescent(LOSS, "11/10")
BOX = dg.Box([-3, -3], [3, 3])
# Three chunks and a bit, so that several workers have something to do.
METHOD = dg.MonteCarlo(n=20_000)
BUDGET = dg.Budget(steps=128)
NET = dg.LinearNetwork((2, 2, 1), [[0, 1], [1, 0], [1, 2]], [[1], [0], [2]])

CALLS = {
    "transfer_operator": lambda rng, executor: dg.transfer_operator(
        F, BOX, 12, rng=rng, executor=executor
    ),
    "simulate": lambda rng, executor: dg.simulate(
        F, BOX.sample(9_000, rng=rng), budget=BUDGET, executor=executor
    ),
    "simulate a network": lambda rng, executor: dg.simulate(
        dg.GradientDescent(NET, "1/5"),
        dg.he_normal(NET).sample(3_000, rng=rng),
        budget=BUDGET,
        executor=executor,
    ),
    "stopping_times": lambda rng, executor: dg.stopping_times(
        F, dg.starts.drawn(BOX, 600_000, rng=rng), keep=dg.Keep.COUNTS, executor=executor
    ),
    "stopping_times with momentum": lambda rng, executor: dg.stopping_times(
        dg.HeavyBall(LOSS, "1/2", "1/2"),
        dg.starts.jittered(BOX, 90, rng=rng),
        keep=dg.Keep.STATES,
        executor=executor,
    ),
    "lyapunov_spectrum of random batches": lambda rng, executor: dg.lyapunov_spectrum(
        dg.RandomMinibatch([LOSS, dg.Loss((x * y - 1) ** 2, [x, y])], "1/5", rng=rng),
        [[1.0, 1.0], [2.0, 0.5]],
        exponents=2,
        steps=320,
        executor=executor,
    ),
    "transition": lambda rng, executor: dg.transition(
        dg.GradientDescent(LOSS, eta),
        "eta",
        ["1/2", "6/5"],
        region=BOX,
        method=dg.MonteCarlo(n=5_000),
        budget=BUDGET,
        refine=dg.Refinement(points=3, halvings=1),
        rng=rng,
        executor=executor,
    ),
    "top_eigenvalues": lambda rng, executor: dg.top_eigenvalues(NET, [0.5] * 6, 2, rng=rng),
    "convergent_measure": lambda rng, executor: dg.convergent_measure(
        F, BOX, method=METHOD, budget=BUDGET, rng=rng, executor=executor
    ),
    "convergent_measure with momentum": lambda rng, executor: dg.convergent_measure(
        dg.HeavyBall(LOSS, "1/2", "1/2"),
        dg.Ball([1, 1], 2),
        method=dg.MonteCarlo(n=9_000),
        budget=BUDGET,
        rng=rng,
        executor=executor,
    ),
    "convergent_measure, adaptive": lambda rng, executor: dg.convergent_measure(
        F, dg.Ball([1, 1], 2), method=dg.Adaptive(half_width=0.02), rng=rng, executor=executor
    ),
    "convergent_measure, quasi-Monte Carlo": lambda rng, executor: dg.convergent_measure(
        F, BOX, method=dg.QuasiMonteCarlo(n=20_000), rng=rng, executor=executor
    ),
    "convergent_measure, stratified": lambda rng, executor: dg.convergent_measure(
        F,
        dg.Distribution([stats.norm(), stats.uniform(-2, 4)]),
        method=dg.Stratified(n=70_000),
        rng=rng,
        executor=executor,
    ),
    "convergent_measure, splitting": lambda rng, executor: dg.convergent_measure(
        F,
        dg.Gaussian([0, 0], 30),
        method=dg.Splitting(n=400, moves=3, replicates=3),
        budget=BUDGET,
        rng=rng,
        executor=executor,
    ),
    "lyapunov_spectrum": lambda rng, executor: dg.lyapunov_spectrum(
        BEYOND, dg.Box([0.8, 0.8], [1.2, 1.2]).sample(600, rng=rng), steps=200, executor=executor
    ),
    "transverse_exponents": lambda rng, executor: dg.transverse_exponents(
        dg.GradientDescent(LOSS, eta),
        [1, 1],
        "eta",
        ["6/5", "8/5"],
        start=dg.Box([-1], [1]).sample(20, rng=rng),
        steps=200,
        executor=executor,
    ),
    "invariant_density": lambda rng, executor: dg.invariant_density(
        BEYOND, dg.Box([0, 0], [2, 2]), bins=10, steps=50, rng=rng, executor=executor
    ),
    "birkhoff_average": lambda rng, executor: dg.birkhoff_average(
        dg.textbook.logistic(),
        x,
        dg.Box([0], [1]).sample(600, rng=rng),
        steps=200,
        executor=executor,
    ),
    "boundary_dimension": lambda rng, executor: dg.boundary_dimension(
        F,
        dg.Ball([1, 1], 3),
        method=dg.UncertaintyExponent(events=60, pairs=2**15),
        budget=BUDGET,
        rng=rng,
        executor=executor,
    ),
    "boundary_dimension by boxes": lambda rng, executor: dg.boundary_dimension(
        F,
        BOX,
        method=dg.BoxCounting(copies=3, most=2**15),
        budget=BUDGET,
        rng=rng,
        executor=executor,
    ),
    "boundary_dimension by pixels": lambda rng, executor: dg.boundary_dimension(
        F,
        BOX,
        method=dg.ResolutionScaling(resolutions=(32, 64, 128), copies=2),
        budget=BUDGET,
        rng=rng,
        executor=executor,
    ),
    "attractors": lambda rng, executor: dg.attractors(
        F, BOX, n=600, budget=BUDGET, rng=rng, executor=executor
    ),
    "follow_attractors": lambda rng, executor: dg.follow_attractors(
        dg.GradientDescent(LOSS, eta),
        "eta",
        [0.5, 1.1],
        region=BOX,
        n=400,
        halvings=1,
        budget=BUDGET,
        rng=rng,
        executor=executor,
    ),
    "bifurcation_diagram": lambda rng, executor: dg.bifurcation_diagram(
        dg.GradientDescent(LOSS, eta),
        "eta",
        [0.5, 1.1, 1.4],
        region=BOX,
        starts=3_000,
        points=2,
        transient=30,
        budget=dg.Budget(max_period=4, lyapunov_steps=64),
        rng=rng,
        executor=executor,
    ),
    "parameter_plane": lambda rng, executor: dg.parameter_plane(
        dg.HeavyBall(LOSS, eta, beta),
        ["eta", "beta"],
        [np.linspace(0.2, 1.5, 80), np.linspace(0, 0.9, 70)],
        region=BOX,
        starts=1,
        transient=30,
        budget=dg.Budget(max_period=4, lyapunov_steps=64),
        rng=rng,
        executor=executor,
    ),
    "basin_entropy": lambda rng, executor: dg.basin_entropy(
        F, BOX, boxes=1500, budget=BUDGET, rng=rng, executor=executor
    ),
    "periodic orbits by Newton's method": lambda rng, executor: dg.periodic_orbits(
        BEYOND, BOX, period=4, method=dg.NewtonSearch(starts=90, rounds=1), rng=rng
    ),
    "verify": lambda rng, executor: dg.verify(
        dg.claims.general_loss_impossibility,
        dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "5/2"),
        starts=9_000,
        budget=BUDGET,
        rng=rng,
        executor=executor,
    ),
    "verify a transition": lambda rng, executor: dg.verify(
        dg.claims.sharp_transition,
        BEYOND,
        region=BOX,
        starts=60,
        budget=BUDGET,
        rng=rng,
        executor=executor,
    ),
}
EXECUTORS = {
    "one thread": lambda: ThreadPoolExecutor(1),
    "two threads": lambda: ThreadPoolExecutor(2),
    "three threads": lambda: ThreadPoolExecutor(3),
}


@pytest.fixture(scope="module")
def alone():
    """Each call without an executor, made once."""
    return {name: call(0, None).to_dict() for name, call in CALLS.items()}


@pytest.mark.parametrize("workers", EXECUTORS)
@pytest.mark.parametrize("name", CALLS)
def test_any_number_of_threads(name, workers, alone):
    with EXECUTORS[workers]() as executor:
        assert CALLS[name](0, executor).to_dict() == alone[name]


def test_two_processes(alone):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        for name, call in CALLS.items():
            assert call(0, executor).to_dict() == alone[name], name


@pytest.mark.parametrize("name", CALLS)
def test_again_and_from_an_equal_generator(name, alone):
    assert CALLS[name](0, None).to_dict() == alone[name]
    twice = [CALLS[name](np.random.default_rng(5), None).to_dict() for _ in range(2)]
    assert twice[0] == twice[1]


@pytest.mark.parametrize("name", CALLS)
def test_another_seed_draws_other_starts(name, alone):
    other = CALLS[name](1, None).to_dict()
    if name.startswith("simulate"):
        assert other["starts"] != alone[name]["starts"]
        assert other["steps"] != alone[name]["steps"]
    elif name == "verify":
        assert other["instance"]["seed"] != alone[name]["instance"]["seed"]
    else:
        other.pop("seed", None)
        before = {key: value for key, value in alone[name].items() if key != "seed"}
        before.pop("instance", None), other.pop("instance", None)
        assert other != before


@pytest.mark.parametrize("name", ["convergent_measure", "verify"])
def test_a_seed_drawn_for_the_user_repeats_the_run(name):
    unseeded = CALLS[name](None, None).to_dict()
    seed = unseeded["seed"] if "seed" in unseeded else unseeded["instance"]["seed"]
    assert CALLS[name](seed, None).to_dict() == unseeded


def test_a_call_does_not_touch_the_global_generator():
    np.random.seed(0)  # noqa: NPY002 (the legacy state must stay as it is)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    for call in CALLS.values():
        call(0, None)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_no_start_depends_on_its_company():
    starts = BOX.sample(500, rng=3)
    together = dg.simulate(F, starts, budget=BUDGET)
    apart = dg.simulate(F, starts[::-7], budget=BUDGET)
    assert np.array_equal(together.steps[::-7], apart.steps)
    assert np.array_equal(together.detail[::-7], apart.detail)
    assert np.array_equal(together.limit[::-7], apart.limit, equal_nan=True)
