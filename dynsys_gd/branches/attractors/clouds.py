"""Do late pieces of bounded orbits lie on the same set? Nearest neighbours, and long orbits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.iteration import orbit
from ...ensembles.budget import Budget
from ...maps.base import Map

__all__ = ["LEFT", "Cloud", "joined_pieces"]

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

LEFT = -1  # the label of pieces whose set did not last

_POINTS = 8192  # of a cloud
_ALIKE = 5.0  # times the distance of neighbours within a cloud
_SHARE = 0.5  # of a piece that must lie on a cloud, for it to be on the same set
_LOOKS = 16  # at an orbit that is followed to see whether it stays
_LOOK_EVERY = 4096
_SIZE = 1e-9  # relative: points closer than this are the same
_MOST = 64  # sets that are told apart


@dataclass(frozen=True, eq=False)
class Cloud:
    """States of one long orbit, and how near to each other they lie.

    Parameters
    ----------
    points : ndarray, shape (m, d)
    """

    points: Array
    tree: Any = field(init=False)
    spacing: float = field(init=False)

    def __post_init__(self) -> None:
        from scipy.spatial import cKDTree

        # Late states against early ones: an orbit on the same set comes as near.
        half = len(self.points) // 2
        apart, _ = cKDTree(self.points[:half]).query(self.points[half:])
        size = float(np.ptp(self.points, axis=0).max())
        object.__setattr__(self, "tree", cKDTree(self.points))
        object.__setattr__(self, "spacing", max(float(np.median(apart)), _SIZE * size))

    def share(self, piece: Array) -> float:
        """Return which share of the states of a piece lies as near as those of the cloud do."""
        if not np.isfinite(piece).all():
            return 0.0
        distances, _ = self.tree.query(piece, distance_upper_bound=_ALIKE * self.spacing)
        return float(np.isfinite(distances).mean())


def joined_pieces(F: Map, pieces: Array, budget: Budget) -> tuple[Labels, list[Cloud]]:
    """Number the sets that pieces of bounded orbits lie on, and return a cloud of each.

    Parameters
    ----------
    F : Map
    pieces : ndarray, shape (n, t, d)
    budget : Budget

    Returns
    -------
    labels : ndarray of int, shape (n,)
        `LEFT` for pieces of orbits that go elsewhere when followed for longer.
    clouds : list of Cloud

    Notes
    -----
    A piece lies on the set of a cloud if half of its states are as near to states of the cloud as
    a few times what is usual within the cloud; sets that merely touch are told apart by that, and
    no grid has to be chosen. Then an orbit on each set is followed further. Sets that visit each
    other are one. Where an orbit leaves its set, and does not come back, that was a transient.
    """
    labels = np.full(len(pieces), LEFT, dtype=np.int64)
    clouds: list[Cloud] = []
    kernel = F.kernel()
    for k, piece in enumerate(pieces):
        shares = [cloud.share(piece) for cloud in clouds]
        if shares and max(shares) >= _SHARE:
            labels[k] = int(np.argmax(shares))
        elif len(clouds) < _MOST:
            states = orbit(kernel, piece[-1:], _POINTS - 1, arithmetic=budget.arithmetic)[:, 0]
            if np.isfinite(states).all():
                labels[k] = len(clouds)
                clouds.append(Cloud(states))
    places = _lasting(F, clouds, budget)
    kept = sorted({place for place in places if place != LEFT})
    number = {place: k for k, place in enumerate(kept)} | {LEFT: LEFT}
    new = np.array([number[place] for place in places] + [LEFT], dtype=np.int64)
    return new[labels], [clouds[place] for place in kept]


def _lasting(F: Map, clouds: list[Cloud], budget: Budget) -> list[int]:
    """Return for each cloud the one that stands for its attractor, or LEFT."""
    if not clouds:
        return []
    ends = np.array([cloud.points[-1] for cloud in clouds])
    passed = orbit(F.kernel(), ends, _LOOKS * _LOOK_EVERY, arithmetic=budget.arithmetic)
    visits: list[set[int]] = []
    for k in range(len(clouds)):
        looks = passed[1:, k].reshape(_LOOKS, _LOOK_EVERY, -1)[:, -256:]
        # Where an orbit is on two sets at a time, as after they have merged, it is on the nearer.
        shares = np.array([[cloud.share(look) for cloud in clouds] for look in looks])
        visits.append({int(j) for j in shares.argmax(axis=1)[shares.max(axis=1) > 0.0]})
        if (shares.max(axis=1) < _SHARE / 2).any():
            visits[k].add(LEFT)
    places = []
    for k, seen in enumerate(visits):
        back = {j for j in seen if j != LEFT and k in visits[j]} | {k}
        stays = LEFT not in seen and seen <= back
        places.append(min(back) if stays else LEFT)
    # What stands for several must last itself.
    return [place if place == LEFT or places[place] != LEFT else LEFT for place in places]
