"""Interim stand-ins until multipliers.py, families.py and audit.py are there."""
# mypy: ignore-errors
from types import SimpleNamespace

import numpy as np

from ...evidence import Evidence, Grade
from ..cluster import Cluster, Obstacle
from ..kinds import Kind


def spectra_of(F, equations, lower, upper):
    one = SimpleNamespace(multipliers=None, bounds=None, kind=Kind.UNDECIDED, unstable=None,
                          flips=None, critical=None, critical_step=None, step_sizes=None)
    return [one] * lower.shape[2]


def explained(F, equations, lower, upper, region, seconds):
    if not lower.shape[2]:
        return SimpleNamespace(families=(), clusters=())
    boxes = np.stack([lower, upper], axis=-1).transpose(2, 0, 1, 3)
    evidence = Evidence(grade=Grade.CERTIFIED, reason="")
    return SimpleNamespace(families=(), clusters=(
        Cluster(boxes=boxes, obstacle=Obstacle.SINGULAR, evidence=evidence),))


def audited(equations, lower, upper, precision):
    return lower, upper, np.ones(lower.shape[2], bool)
