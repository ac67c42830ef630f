"""Starts made in place: known answers, laws, and the same bits from both evaluators."""

from __future__ import annotations

import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import mpmath
import numpy as np
import pytest
from scipy import stats

from dynsys_gd.engine.machine import compiler
from dynsys_gd.engine.machine.compiler import Program
from dynsys_gd.engine.machine.cpu import Processor, llvm, processor
from dynsys_gd.engine.machine.writer import Module
from dynsys_gd.engine.starts import (
    GaussianStarts,
    GivenStarts,
    GridStarts,
    JitteredStarts,
    SobolStarts,
    UniformStarts,
    key_of,
)
from dynsys_gd.engine.starts.directions import MOST_DIMENSIONS
from dynsys_gd.engine.starts.philox import philox, random_53, schedule
from dynsys_gd.engine.starts.quantile import normal_from_53
from dynsys_gd.errors import InvalidInput
from dynsys_gd.regions import Box

KEY = (0x12345678, 0x9ABCDEF0)
needs_machine = pytest.mark.skipif(processor() is None, reason="no machine code here")


def every_kind(d):
    """Descriptions of dimension d with as many starts as they may have, or nearly."""
    low = [-3.0 - 0.1 * i for i in range(d)]
    high = [2.0 + i for i in range(d)]
    shape = {1: (2**48 - 1,), 2: (2**20 + 7, 2**41 + 1), 3: (2**40, 3, 2**19)}.get(d, (2,) * d)
    points = np.random.default_rng(d).normal(size=(150, d))
    points[3], points[4] = np.nan, -np.inf
    return [
        GridStarts(low, high, shape),
        JitteredStarts(low, high, shape, KEY),
        UniformStarts(low, high, 2**63 - 1, KEY),
        GaussianStarts(low, [0.0, *high[1:]], 2**63 - 1, KEY),
        SobolStarts(low, high, 2**53),
        SobolStarts(low, high, 2**53, KEY),
        GivenStarts(points),
        GivenStarts(np.asfortranarray(points)),
        GivenStarts(points[::-1, ::-1]),
    ]


def made(starts, program, first, count, spare=0):
    """What the machine code writes; `spare` columns must stay as they are."""
    states = np.full((starts.dimension, count + spare), 7.25)
    spec = starts.spec()
    function = program.function("starts", 5)
    function(states.ctypes.data, count + spare, first, count, spec.ctypes.data)
    assert np.all(states[:, count:] == 7.25)
    return states[:, :count]


def same_bits(a, b):
    return np.array_equal(a.view(np.uint64), b.view(np.uint64))


def ranges(n, lanes):
    """Ranges that begin anywhere, of lengths around the number of lanes."""
    firsts = [0, 1, 2 * lanes - 1, 2**40 - 3, 2**40 + 1, n - lanes - 1, n - 1]
    lengths = [0, 1, lanes - 1, lanes, lanes + 1, 100]
    for first in (first for first in firsts if 0 <= first < n):
        for count in lengths:
            yield first, min(count, n - first)


@needs_machine
@pytest.mark.parametrize("d", [1, 2, 3, 50])
@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 32])
def test_machine_code_gives_the_bits_of_numpy(d, lanes):
    for starts in every_kind(d):
        program = starts.program(lanes)
        for first, count in ranges(starts.n, lanes):
            wanted = starts.columns(first, first + count)
            assert wanted.shape == (d, count)
            assert same_bits(made(starts, program, first, count, spare=first % 3), wanted)


@needs_machine
@pytest.mark.skipif(
    processor() is not None and not llvm().get_process_triple().startswith("x86_64"),
    reason="for x86-64 only",
)
def test_plain_sse2_gives_the_same_bits(monkeypatch):
    monkeypatch.setattr(compiler, "processor", lambda: Processor.of("x86-64", "x86_64", {}))
    for starts in every_kind(3):
        module = Module(lanes=2, fused=False)
        starts.write(module)
        program = Program(module)
        for first, count in ranges(starts.n, 2):
            assert same_bits(
                made(starts, program, first, count), starts.columns(first, first + count)
            )


@needs_machine
def test_nothing_is_contracted_in_a_fused_module():
    for starts in every_kind(2):
        module = Module(lanes=4, fused=True)
        starts.write(module)
        assert same_bits(made(starts, Program(module), 11, 90), starts.columns(11, 101))


@pytest.mark.parametrize("index", range(9))
def test_a_start_depends_on_its_number_only(index):
    starts = every_kind(3)[index]
    whole = starts.columns(0, 120)
    pieces = [starts.columns(a, b) for a, b in ((0, 1), (1, 7), (7, 64), (64, 64), (64, 120))]
    assert same_bits(np.concatenate(pieces, axis=1), whole)


@pytest.mark.parametrize("index", range(9))
def test_fill_writes_the_wanted_columns_and_no_others(index):
    starts = every_kind(2)[index]
    states = np.full((2, 64), np.nan)
    starts.fill(states, 5, 41)
    assert same_bits(states[:, :41], starts.columns(5, 46))
    assert np.all(np.isnan(states[:, 41:]))
    with pytest.raises(InvalidInput, match="states"):
        starts.fill(states, 0, 65)
    with pytest.raises(InvalidInput, match="states"):
        starts.fill(states.T, 0, 2)
    with pytest.raises(InvalidInput, match="first, last"):
        starts.fill(states, starts.n - 1, 2)


@pytest.mark.parametrize("index", range(9))
def test_descriptions_are_plain_data(index):
    starts = every_kind(2)[index]
    again = pickle.loads(pickle.dumps(starts))
    assert same_bits(again.columns(0, 30), starts.columns(0, 30))
    if not isinstance(starts, GivenStarts):
        assert again == starts
        assert hash(again) == hash(starts)
        assert len(pickle.dumps(starts)) < 1000  # though it stands for 2^48 starts or more


@pytest.mark.parametrize("index", range(9))
def test_threads_make_the_same_starts(index):
    starts = every_kind(3)[index]
    blocks = [(a, min(37, 149 - a)) for a in range(0, 149, 37)]

    def block(piece):
        states = np.empty((3, piece[1]))
        starts.fill(states, *piece)
        return states

    with ThreadPoolExecutor(4) as pool:
        pieces = list(pool.map(block, blocks))
    assert same_bits(np.concatenate(pieces, axis=1), starts.columns(0, 149))


@needs_machine
def test_without_machine_code_numpy_fills(monkeypatch):
    starts = every_kind(3)[1]
    states, other = np.empty((3, 50)), np.empty((3, 50))
    starts.fill(states, 9, 50)
    monkeypatch.setattr("dynsys_gd.engine.starts.description.processor", lambda: None)
    assert starts.program() is None
    starts.fill(other, 9, 50)
    assert same_bits(states, other)


# -- grids and cells ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(7,), (1,), (37, 41), (3, 1, 10), (2, 3, 4, 5)])
def test_grids_have_the_points_of_regions(shape):
    low, high = [-3.1] * len(shape), [0.7] * len(shape)
    starts = GridStarts(low, high, shape)
    assert same_bits(starts.columns(0, starts.n), np.array(Box(low, high).grid(shape).points.T))


@needs_machine
@pytest.mark.parametrize("cells", [1, 2, 3, 5, 31, 32, 33, 2**24 - 1, 2**48 - 1, 2**48])
def test_digits_carry_exactly(cells):
    # Unit steps: a coordinate is its digit plus one half but for rounding, far below one.
    starts = GridStarts([0, 0], [2000.0, cells], (2000, cells))
    program = starts.program()
    for turn in (0, 1, 17, 1999):
        first = max(0, turn * cells - 40)
        count = min(200, starts.n - first)
        numbers = [divmod(first + k, cells) for k in range(count)]
        errors = made(starts, program, first, count) - (np.array(numbers).T + 0.5)
        assert np.abs(errors).max() <= 2**-5


def test_jittered_points_lie_in_their_cells_uniformly():
    shape = (30, 50)
    starts = JitteredStarts([0, 0], [30, 50], shape, KEY)
    points = starts.columns(0, starts.n)
    digits = np.array(np.unravel_index(np.arange(starts.n), shape))
    within = points - digits
    assert np.all((within >= 0) & (within <= 1))
    for coordinate in within:
        assert stats.kstest(coordinate, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(within)[0, 1]) < 4 / np.sqrt(starts.n)


def test_equal_corners_fix_a_coordinate():
    for starts in (
        GridStarts([0.1, 0], [0.1, 1], (3, 4)),
        JitteredStarts([0.1, 0], [0.1, 1], (3, 4), KEY),
        UniformStarts([0.1, 0], [0.1, 1], 12, KEY),
        SobolStarts([0.1, 0], [0.1, 1], 12, KEY),
        GaussianStarts([0.1, 0], [0, 1], 12, KEY),
    ):
        assert np.all(starts.columns(0, 12)[0] == 0.1)
        assert len(np.unique(starts.columns(0, 12)[1])) > 3


# -- random numbers -------------------------------------------------------------------------------

KNOWN = [  # tests/kat_vectors of Random123, [salmon2011parallel]: counter, key, result
    ("00000000 " * 4, "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff " * 4, "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


def hexadecimals(text):
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_philox_gives_the_published_words(counter, key, result):
    words = [np.array([word], dtype=np.uint64) for word in hexadecimals(counter)]
    answer = philox(tuple(words), schedule(tuple(hexadecimals(key))))
    assert [int(word[0]) & 0xFFFFFFFF for word in answer] == hexadecimals(result)


def test_uniform_starts_are_the_documented_words_of_philox():
    j, i = 2**40 + 5, 3
    counter = (j & 0xFFFFFFFF, j >> 32, i // 2, 0)
    answer = philox(tuple(np.array([c], dtype=np.uint64) for c in counter), schedule(KEY))
    high, low = (int(word[0]) & 0xFFFFFFFF for word in answer[2:])
    starts = UniformStarts([0] * 5, [1] * 5, 2**50, KEY)
    assert starts.columns(j, j + 1)[i, 0] == (high << 32 | low) // 2**11 / 2**53


def test_uniform_starts_are_uniform_and_independent():
    n = 40_000
    points = UniformStarts([0] * 3, [1] * 3, n, KEY).columns(0, n)
    assert points.min() >= 0
    assert points.max() < 1
    cells = np.ravel_multi_index(tuple((8 * points).astype(int)), (8, 8, 8))
    assert 1e-3 < stats.chisquare(np.bincount(cells, minlength=512)).pvalue < 1 - 1e-3
    pairs = np.ravel_multi_index(
        ((16 * points[0, :-1]).astype(int), (16 * points[0, 1:]).astype(int)), (16, 16)
    )
    assert stats.chisquare(np.bincount(pairs, minlength=256)).pvalue > 1e-3
    low_bits = np.bincount((points * 2**53).astype(np.int64).ravel() % 64, minlength=64)
    assert stats.chisquare(low_bits).pvalue > 1e-3


def test_kinds_keys_and_coordinates_share_no_numbers():
    n = 500
    jittered = JitteredStarts([0, 0], [n, 1], (n, 1), KEY).columns(0, n)
    drawn = [
        *UniformStarts([0, 0], [1, 1], n, KEY).columns(0, n),
        *UniformStarts([0, 0], [1, 1], n, (KEY[0] + 1, KEY[1])).columns(0, n),
        *UniformStarts([0, 0], [1, 1], n, (KEY[0], KEY[1] + 1)).columns(0, n),
        jittered[0] - np.arange(n),
        jittered[1],
        stats.norm.cdf(GaussianStarts([0], [1], n, KEY).columns(0, n)[0]),
    ]
    correlations = np.corrcoef(drawn) - np.eye(len(drawn))
    assert np.abs(correlations).max() < 5 / np.sqrt(n)


def test_keys_come_from_the_rng():
    assert key_of(3) == key_of(np.random.default_rng(3))
    generator = np.random.default_rng(3)
    assert len({key_of(generator) for _ in range(50)}) == 50
    with pytest.raises(InvalidInput, match="rng"):
        key_of("seed")


# -- normal numbers -------------------------------------------------------------------------------


def test_normal_numbers_are_the_quantiles_in_the_tails_too():
    whole = [0, 1, 2, 3, 2**53 - 1, 2**53 - 2]  # the largest, then those next to zero
    whole += [2**k for k in range(1, 53)]
    whole += [int(w) for w in np.random.default_rng(0).integers(0, 2**53, 60)]
    values = normal_from_53(np.array(whole, dtype=np.uint64))
    with mpmath.workdps(40):
        for w, z in zip(whole, values.tolist(), strict=True):
            p = (mpmath.mpf(w // 2) + 0.5) / 2**53
            exact = mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * p) * (-1) ** (w % 2)
            assert abs(z - exact) <= 1.2e-15 * abs(exact)
    assert values[0] == -values[1] == pytest.approx(8.2923610758, abs=1e-9)
    assert np.all(np.isfinite(values))


def test_normal_starts_are_normal():
    n = 20_000
    starts = GaussianStarts([1, -2, 0], [2, 0.5, 0], n, KEY)
    points = starts.columns(0, n)
    assert stats.kstest(points[0], "norm", (1, 2)).pvalue > 1e-3
    assert stats.kstest(points[1], "norm", (-2, 0.5)).pvalue > 1e-3
    assert abs(np.corrcoef(points[:2])[0, 1]) < 4 / np.sqrt(n)
    assert abs(stats.kurtosis(points[0])) < 4 * np.sqrt(24 / n)
    assert np.all(points[2] == 0)


# -- Sobol points ---------------------------------------------------------------------------------


def test_sobol_points_are_those_of_scipy_in_the_same_order():
    d, n = MOST_DIMENSIONS, 2**11
    theirs = stats.qmc.Sobol(d, scramble=False).random(n)
    assert np.array_equal(SobolStarts([0] * d, [1] * d, n).columns(0, n), theirs.T)


def test_distant_sobol_points_are_those_of_scipy():
    first = 2**18 - 37
    engine = stats.qmc.Sobol(9, scramble=False).fast_forward(first)
    assert np.array_equal(
        SobolStarts([0] * 9, [1] * 9, 2**40).columns(first, first + 70), engine.random(70).T
    )


@pytest.mark.parametrize("key", [None, KEY, (7, 7)])
@pytest.mark.parametrize("block", [0, 1, 2**20 + 3])
def test_every_elementary_interval_holds_one_point(key, block):
    m = 8
    starts = SobolStarts([0] * 5, [1] * 5, 2**40, key)
    points = starts.columns(block << m, (block + 1) << m)
    assert np.all((points >= 0) & (points < 1))
    for coordinate in points:
        assert len(set((coordinate * 2**m).astype(int))) == 2**m
    for a in range(m + 1):  # the first two coordinates: all shapes of area 2^-m
        cells = zip(
            (points[0] * 2**a).astype(int), (points[1] * 2 ** (m - a)).astype(int), strict=True
        )
        assert len(set(cells)) == 2**m


def test_one_scrambled_point_is_uniform_over_keys():
    keys = [(k, 99) for k in range(400)]
    for number in (0, 5, 2**30 + 1):
        drawn = np.array(
            [
                SobolStarts([0, 0], [1, 1], 2**40, key).columns(number, number + 1)[:, 0]
                for key in keys
            ]
        )
        for coordinate in drawn.T:
            assert stats.kstest(coordinate, "uniform").pvalue > 1e-3
        assert abs(np.corrcoef(drawn.T)[0, 1]) < 4 / np.sqrt(len(keys))


def test_scrambled_means_are_unbiased_and_beat_chance():
    n, keys = 256, [(k, 1) for k in range(60)]
    errors = {"sobol": [], "uniform": []}
    for key in keys:
        for name, kind in (("sobol", SobolStarts), ("uniform", UniformStarts)):
            x, y = kind([0, 0], [1, 1], n, key).columns(0, n)
            errors[name].append(np.mean(np.exp(x * y)) - 1.3179021514544038)
    spread = {name: np.std(values) for name, values in errors.items()}
    assert abs(np.mean(errors["sobol"])) < 4 * spread["sobol"] / np.sqrt(len(keys))
    assert spread["sobol"] < spread["uniform"] / 20


# -- the door -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: GridStarts([0], [1, 2], (3,)), "high"),
        (lambda: GridStarts([0], [1], (3, 3)), "shape"),
        (lambda: GridStarts([0], [1], (0,)), "shape"),
        (lambda: GridStarts([0], [1], (2.0,)), "shape"),
        (lambda: GridStarts([0], [1], (2**48 + 1,)), "shape"),
        (lambda: GridStarts([0, 0], [1, 1], (2**32, 2**31)), "shape"),
        (lambda: GridStarts([0], [1e308], (3,)), "low, high"),
        (lambda: UniformStarts([0], [np.inf], 3, KEY), "high"),
        (lambda: UniformStarts([1], [0], 3, KEY), "low, high"),
        (lambda: UniformStarts([-1e308], [1e308], 3, KEY), "low, high"),
        (lambda: UniformStarts([], [], 3, KEY), "low"),
        (lambda: UniformStarts([0], [1], 0, KEY), "n"),
        (lambda: UniformStarts([0], [1], True, KEY), "n"),
        (lambda: UniformStarts([0], [1], 2**63, KEY), "n"),
        (lambda: UniformStarts([0], [1], 5, 7), "key"),
        (lambda: UniformStarts([0], [1], 5, (0, 2**32)), "key"),
        (lambda: JitteredStarts([0], [1], (5,), (0, -1)), "key"),
        (lambda: GaussianStarts([0, 0], [1], 5, KEY), "scale"),
        (lambda: GaussianStarts([0], [-1], 5, KEY), "scale"),
        (lambda: GaussianStarts([np.nan], [1], 5, KEY), "mean"),
        (lambda: SobolStarts([0], [1], 2**53 + 1), "n"),
        (lambda: SobolStarts([0] * 102, [1] * 102, 5), "low"),
        (lambda: GivenStarts([1.0, 2.0]), "points"),
        (lambda: GivenStarts(np.empty((3, 0))), "points"),
        (lambda: GivenStarts([["a"]]), "points"),
        (lambda: UniformStarts([0], [1], 5, KEY).columns(3, 6), "first, last"),
        (lambda: UniformStarts([0], [1], 5, KEY).columns(-1, 2), "first, last"),
    ],
)
def test_bad_input_is_refused_by_name(make, argument):
    with pytest.raises(InvalidInput) as refusal:
        make()
    assert refusal.value.argument == argument


def test_rows_are_points():
    starts = UniformStarts([0, 2], [1, 3], 7, KEY)
    assert same_bits(starts.rows(), np.ascontiguousarray(starts.columns(0, 7).T))
    assert same_bits(starts.rows(5), starts.rows(5, 7))
    assert same_bits(starts.rows(2, 4), starts.rows()[2:4])
    assert starts.rows(3, 5).shape == (2, 2)


def test_given_starts_may_be_none_and_stay_the_users():
    empty = GivenStarts(np.empty((0, 3)))
    assert empty.n == 0
    assert empty.columns(0, 0).shape == (3, 0)
    assert empty.rows().shape == (0, 3)
    points = np.ones((4, 2))
    starts = GivenStarts(points)
    assert np.shares_memory(starts.points, points)
    points[2] = 5.0  # still the user's own array
    with pytest.raises(ValueError, match="read-only"):
        starts.points[0] = 0.0
    assert GivenStarts(np.ones((4, 2), dtype=np.float32)).columns(0, 1).dtype == np.float64


@needs_machine
def test_starts_cost_no_more_than_numpys_random_numbers():
    n, low, high = 8192, [-3.0, -3.0], [3.0, 3.0]
    rng, states = np.random.default_rng(0), np.empty((2, n))
    kinds = [
        GridStarts(low, high, (1000, 1000)),
        JitteredStarts(low, high, (1000, 1000), KEY),
        UniformStarts(low, high, 10**6, KEY),
        SobolStarts(low, high, 10**6, KEY),
    ]
    calls = [lambda: rng.random(out=states)]
    for starts in kinds:
        function, spec = starts.program().function("starts", 5), starts.spec()
        arguments = (states.ctypes.data, n, 77_777, n)
        calls.append(lambda f=function, a=arguments, s=spec: f(*a, s.ctypes.data))
    spent = np.empty((9, len(calls)))
    for turn in range(9):
        for k, call in enumerate(calls):
            begun = time.process_time()
            for _ in range(20):
                call()
            spent[turn, k] = time.process_time() - begun
    theirs, *ours = np.median(spent, axis=0)
    # With AVX-512: 0.1 (Sobol) to 0.6 (jittered). Two lanes of SSE2 must multiply as often.
    assert max(ours) < theirs * (1.3 if processor().width == 8 else 4)


def test_random_numbers_of_a_start_do_not_depend_on_the_company():
    keys = schedule(KEY)
    start = np.array([5, 2**40, 9], dtype=np.uint64)
    together = random_53(start, np.uint64(2), 0, keys)
    for k in range(3):
        alone = random_53(start[k : k + 1], np.uint64(2), 0, keys)
        assert [int(w[0]) for w in alone] == [int(w[k]) for w in together]
