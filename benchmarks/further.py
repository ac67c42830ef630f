"""Targets that are no ratio to another engine: the first result of a new loss, and two threads."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dynsys_gd.engine.starts import UniformStarts, key_of
from dynsys_gd.engine.stopping import Keep, StoppingRule, stop

from .engines.own import Own, gradient_descent
from .workloads import MapWorkload, Workload

__all__ = ["Further", "absent", "first_results", "start_costs", "two_threads"]

_ROOT = Path(__file__).resolve().parents[1]
_FIRST_RESULT = """
import json, time, dynsys_gd
from dynsys_gd.engine.starts import GivenStarts
from dynsys_gd.engine.stopping import stop
spent = []
for text in ("(x*y-1)**2/2", "log(1+exp(-x*y)) + (x**2+y**2)/10", "(x**2+y-11)**2 + (x+y**2-7)**2"):
    begin = time.process_time()
    kernel = dynsys_gd.GradientDescent(dynsys_gd.parse_loss(text, ["x", "y"]), 0.01).kernel()
    stop(kernel, GivenStarts([[0.5, 1.0]] * 1000))
    spent.append(time.process_time() - begin)
print(json.dumps(spent))
"""


@dataclass(frozen=True, kw_only=True)
class Further:
    """A number with its target.

    Parameters
    ----------
    title : str
    value : float
    unit : str
    target : float or None
    at_most : bool
        Whether the target is an upper bound.
    remark : str
    """

    title: str
    value: float
    unit: str
    target: float | None = None
    at_most: bool = False
    remark: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none, or nothing was measured."""
        if self.target is None or math.isnan(self.value):
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target


def absent(title: str, reason: str) -> Further:
    """Return the row of something that could not be measured."""
    return Further(title=title, value=math.nan, unit="", remark=reason)


def first_results(repeats: int) -> list[Further]:
    """Time new losses, from expression to first result, in fresh interpreters."""
    runs = []
    for _ in range(repeats):
        done = subprocess.run(
            [sys.executable, "-c", _FIRST_RESULT],
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    first, *others = np.median(runs, axis=0)
    return [
        Further(
            title="expression to first result: first loss after import",
            value=float(first),
            unit="s CPU",
            target=0.15,
            at_most=True,
            remark="includes loading LLVM",
        ),
        Further(
            title="expression to first result: the next losses",
            value=float(max(others)),
            unit="s CPU",
            target=0.15,
            at_most=True,
            remark="the slower of two",
        ),
    ]


def two_threads(workload: Workload, repeats: int) -> Further:
    """Compare wall time with one thread and two; only two free cores make this meaningful."""
    with ThreadPoolExecutor(2) as pool:
        one, two = Own().prepare(workload), Own(pool).prepare(workload)
        ratios = []
        for _ in range(repeats + 1):
            begin = time.perf_counter()
            one(workload.starts)
            between = time.perf_counter()
            two(workload.starts)
            ratios.append((between - begin) / (time.perf_counter() - between))
    cores = os.cpu_count() or 1
    return Further(
        title=f"two threads, wall time: {workload.title}",
        value=float(np.median(ratios[1:])),
        unit="×",
        target=1.7,
        remark=f"{cores} cores, load {os.getloadavg()[0]:.1f}"
        if hasattr(os, "getloadavg")
        else f"{cores} cores",
    )


def start_costs(workload: MapWorkload, repeats: int) -> Sequence[Further]:
    """Time making starts, which the comparison leaves out: in place, and by numpy."""
    kernel = gradient_descent(workload).kernel()
    corner = [workload.box] * workload.d
    starts = UniformStarts([-a for a in corner], corner, workload.n, key_of(1))
    rule = StoppingRule(steps=1)
    stop(kernel, starts, rule=rule, keep=Keep.COUNTS)
    in_place, by_numpy = [], []
    for _ in range(repeats):
        begin = time.process_time()
        stop(kernel, starts, rule=rule, keep=Keep.COUNTS)
        between = time.process_time()
        np.random.default_rng(1).uniform(-workload.box, workload.box, (workload.d, workload.n))
        in_place.append(between - begin)
        by_numpy.append(time.process_time() - between)
    each = 1e9 / workload.n
    return [
        Further(
            title="making a start in place, one step included",
            value=float(np.median(in_place)) * each,
            unit="ns",
        ),
        Further(
            title="making a start with numpy", value=float(np.median(by_numpy)) * each, unit="ns"
        ),
    ]
