"""Killed at any moment, a measure goes on and ends as if nothing had happened."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from sympy.abc import eta, x, y

import dynsys_gd as dg
from dynsys_gd.engine.journal.journal import Call
from dynsys_gd.measure.rare.splitting import Splitting
from dynsys_gd.measure.survival import Survival

F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
SQUARE = dg.Box([-3, -3], [3, 3])
FEW = dg.MonteCarlo(n=40_000)

# Compiles and forks first, so that a run takes as long as its work, and is killed while it works.
KILLED = """
import json, os, signal, sys, time
import numpy as np
import dynsys_gd as dg
from sympy.abc import x, y

F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
BOX, METHOD = dg.Box([-3, -3], [3, 3]), dg.MonteCarlo(n=1_200_000)
path, seed, kills = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def measured(**how):
    return dg.convergent_measure(F, BOX, method=METHOD, **how)

def size():
    return os.path.getsize(path) if os.path.exists(path) else 0

dg.convergent_measure(F, BOX, method=dg.MonteCarlo(n=100))
rng, sizes = np.random.default_rng(seed), [0]
for answers in rng.permutation(kills) % 2:
    child = os.fork()
    if child == 0:
        measured(checkpoint=path)
        os._exit(0)
    while size() < sizes[-1] + 90 * answers:
        time.sleep(0.001)
    time.sleep(rng.uniform(0, 0.02))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it ended before it was killed"
    sizes.append(size())
m = measured(checkpoint=path)
print(json.dumps({"sizes": sizes, "resumed": m.to_dict(), "alone": measured(rng=m.seed).to_dict()}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes by fork")
def test_ten_kills_at_random_moments_change_nothing(tmp_path):
    path = tmp_path / "file"
    run = subprocess.run(
        [sys.executable, "-c", KILLED, path, "0", "10"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["resumed"] == said["alone"]
    assert len(said["sizes"]) == 1 + 10
    assert len(set(said["sizes"])) >= 6  # at least half of them had computed something
    size = path.stat().st_size
    assert sorted(said["sizes"]) == said["sizes"]
    assert said["sizes"][-1] < size
    dg.convergent_measure(F, SQUARE, method=dg.MonteCarlo(n=1_200_000), checkpoint=path)
    assert path.stat().st_size == size


# --- every method --------------------------------------------------------------------------------


def measured_by(method, **how):
    return lambda **more: dg.convergent_measure(F, SQUARE, method=method, rng=3, **how, **more)


def surviving(**more):
    few = Splitting(n=300, moves=3, replicates=4)
    beyond = dg.GradientDescent(F.loss, "11/5")
    return dg.convergent_measure(beyond, SQUARE, method=few, to=Survival(steps=20), rng=3, **more)


def enclosed(**more):
    well = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "1/2")
    return dg.convergent_measure(well, dg.Box([-3], [3]), method=dg.Enclosure(width=0.01), **more)


def scanned(**more):
    return dg.transition(
        dg.GradientDescent(F.loss, eta),
        "eta",
        ["1/2", "9/10", "11/10"],
        region=SQUARE,
        method=dg.MonteCarlo(n=500),
        refine=dg.Refinement(points=3),
        budget=dg.Budget(steps=512),
        rng=3,
        **more,
    )


RUNS = {
    "MonteCarlo": measured_by(dg.MonteCarlo(n=40_000)),
    "Adaptive": measured_by(dg.Adaptive(half_width=0.02)),
    "QuasiMonteCarlo": measured_by(dg.QuasiMonteCarlo(n=20_000)),
    "Stratified": measured_by(dg.Stratified(n=20_000)),
    "Splitting": surviving,
    "Enclosure": enclosed,
    "transition": scanned,
}


class Stop(Exception):
    """Stands for whatever ends a run."""


def stopping_after(k, monkeypatch):
    """Let the next run end when its k-th answer has been recorded."""
    record, left = Call.recorded, [k]

    def recorded(self, answer):
        kept = record(self, answer)
        left[0] -= 1
        if left[0] == 0:
            raise Stop
        return kept

    monkeypatch.setattr(Call, "recorded", recorded)


def counting(monkeypatch):
    record, count = Call.recorded, [0]

    def recorded(self, answer):
        count[0] += 1
        return record(self, answer)

    monkeypatch.setattr(Call, "recorded", recorded)
    return count


@pytest.mark.parametrize("name", RUNS)
def test_every_method_goes_on_from_any_answer(name, tmp_path, monkeypatch):
    run = RUNS[name]
    with monkeypatch.context() as patched:
        count = counting(patched)
        want = run(checkpoint=tmp_path / "whole").to_dict()
    assert count[0] > 1, "work that is one piece cannot be taken up"
    assert run().to_dict() == want
    for k in sorted({1, 2, count[0] // 2, count[0] - 1}):
        path = tmp_path / f"stopped after {k}"
        with monkeypatch.context() as patched:
            stopping_after(k, patched)
            with pytest.raises(Stop):
                run(checkpoint=path)
        with monkeypatch.context() as patched:
            again = counting(patched)
            assert run(checkpoint=path).to_dict() == want
        assert again[0] == count[0] - k
    with monkeypatch.context() as patched:
        again = counting(patched)
        assert run(checkpoint=tmp_path / "whole").to_dict() == want
    assert again[0] == 0


# --- which run a file belongs to -----------------------------------------------------------------


def test_without_a_seed_the_one_of_the_file_is_taken(tmp_path):
    path = tmp_path / "file"
    first = dg.convergent_measure(F, SQUARE, method=FEW, checkpoint=path)
    assert dg.convergent_measure(F, SQUARE, method=FEW, checkpoint=path).seed == first.seed
    same = dg.convergent_measure(F, SQUARE, method=FEW, rng=first.seed, checkpoint=path)
    assert same.to_dict() == first.to_dict()


def test_a_generator_in_the_same_state_is_the_same_run(tmp_path):
    def run(state):
        rng = np.random.default_rng(state)
        return dg.convergent_measure(F, SQUARE, method=FEW, rng=rng, checkpoint=tmp_path / "file")

    assert run(5).to_dict() == run(5).to_dict()
    with pytest.raises(dg.InvalidInput, match="other rng"):
        run(6)


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ("F", {"F": dg.GradientDescent(F.loss, "1/3")}),
        ("F", {"F": dg.GradientDescent(F.loss, 0.5)}),
        ("region", {"region": dg.Box([-3, -3], [3, 2])}),
        ("method", {"method": dg.MonteCarlo(n=300)}),
        ("to", {"to": dg.Target.FIXED_POINTS}),
        ("budget", {"budget": dg.Budget(steps=100)}),
        ("rng", {"rng": 1}),
    ],
)
def test_a_file_of_another_run_is_refused_and_not_touched(tmp_path, argument, change):
    path = tmp_path / "file"
    given = {"F": F, "region": SQUARE, "method": dg.MonteCarlo(n=100), "rng": 0}
    dg.convergent_measure(**given, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(dg.InvalidInput, match=rf"other {argument}\)"):
        dg.convergent_measure(**{**given, **change}, checkpoint=path)
    assert path.read_bytes() == before


def test_a_refused_question_leaves_no_file(tmp_path):
    open_map = dg.GradientDescent(F.loss, eta)
    with pytest.raises(dg.InvalidInput, match="region"):
        dg.convergent_measure(F, dg.Box([0], [1]), checkpoint=tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(dg.InvalidInput, match="parameter"):
        dg.convergent_measure(open_map, SQUARE, checkpoint=tmp_path / "file")


def test_progress_goes_on_where_the_file_ends(tmp_path, monkeypatch):
    path, told = tmp_path / "file", {"first": [], "again": []}

    def measured(which):
        dg.convergent_measure(
            F,
            SQUARE,
            method=dg.MonteCarlo(n=60_000),
            rng=0,
            checkpoint=path,
            progress=lambda *seen: told[which].append(seen),
        )

    with monkeypatch.context() as patched:
        stopping_after(3, patched)
        with pytest.raises(Stop):
            measured("first")
    measured("again")
    assert len(told["first"]) == 2
    assert told["again"][:2] == told["first"]
    assert told["again"][-1] == (60_000, 60_000)
