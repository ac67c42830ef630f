"""Labels, and what every method shares: seeds, workers, checkpoints."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd.errors import InvalidInput
from dynsys_gd.measure.boundary.labels import OPEN, FateLabels

F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
WELLS = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "1/2")
BOX = dg.Box([-3, -3], [3, 3])
CALLS = {
    "pairs": lambda **more: dg.boundary_dimension(
        F, BOX, method=dg.UncertaintyExponent(events=50, pairs=2**15), **more
    ),
    "boxes": lambda **more: dg.boundary_dimension(
        F, BOX, method=dg.BoxCounting(copies=2, most=2**14), **more
    ),
    "pixels": lambda **more: dg.boundary_dimension(
        F, BOX, method=dg.ResolutionScaling(resolutions=(16, 32, 64), copies=2), **more
    ),
    "limits": lambda **more: dg.boundary_dimension(
        WELLS,
        dg.Box([-2.2], [2.2]),
        by=dg.Partition.LIMIT,
        method=dg.UncertaintyExponent(events=50, pairs=2**15),
        **more,
    ),
    "entropy": lambda **more: dg.basin_entropy(F, BOX, boxes=1400, **more),
}


def test_labels_by_fate_convergence_and_limit():
    starts = np.array([[1.2], [-0.4], [2.5], [0.0], [0.4]])
    fate = FateLabels(WELLS, dg.Partition.FATE, dg.Budget())
    assert fate.of(starts).tolist() == [0, 0, 3, OPEN, 0]  # 0 is the saddle
    plain = FateLabels(WELLS, dg.Partition.CONVERGENCE, dg.Budget()).of(starts)
    assert plain.tolist() == [0, 0, 3, OPEN, 0]
    limit = FateLabels(WELLS, dg.Partition.LIMIT, dg.Budget()).seen_from(starts)
    assert limit.limits == ((-1.0,), (1.0,))
    labels = limit.of(starts)
    assert labels[0] == labels[4] != labels[1]
    assert labels[3] == OPEN
    assert limit.name(int(labels[0])) == "converges to (1)"
    assert limit.name(int(labels[2])) == "escaped"
    one = FateLabels(WELLS, dg.Partition.LIMIT, dg.Budget(), limits=((1.0,),)).of(starts)
    assert limit.name(int(one[1])) == "converges to another limit"


def test_limits_that_form_a_family_are_not_told_apart():
    with pytest.raises(InvalidInput, match="family"):
        dg.boundary_dimension(F, BOX, by=dg.Partition.LIMIT, rng=0)


@pytest.mark.parametrize("name", CALLS)
def test_workers_and_checkpoints_do_not_change_the_answer(name, tmp_path):
    alone = CALLS[name](rng=7).to_dict()
    assert alone != CALLS[name](rng=8).to_dict()
    with ThreadPoolExecutor(2) as executor:
        assert CALLS[name](rng=7, executor=executor).to_dict() == alone
    file = tmp_path / "run"
    assert CALLS[name](rng=7, checkpoint=file).to_dict() == alone
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    part = tmp_path / "part"
    part.write_bytes(b"".join(lines[: 2 + (len(lines) - 2) // 2]))
    assert CALLS[name](checkpoint=part).to_dict() == alone  # with the seed of the file
    with pytest.raises(InvalidInput, match="another run"):
        CALLS[name](rng=8, checkpoint=file)
    assert file.read_bytes() == whole
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize("name", CALLS)
def test_progress_does_not_go_back(name):
    told = []
    CALLS[name](rng=0, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert all(done <= total for done, total in told)


def test_momentum_starts_at_rest():
    heavy = dg.HeavyBall(F.loss, "1/2", "1/2")
    method = dg.UncertaintyExponent(events=50, pairs=2**14)
    result = dg.boundary_dimension(heavy, BOX, method=method, rng=0)
    assert result.dimensions == 2
    assert result.law is not None
