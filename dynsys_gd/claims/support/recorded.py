"""Whether settings are still those at which values were computed earlier."""

from __future__ import annotations

from typing import Any

__all__ = ["unchanged"]


def unchanged(settings: Any, *names: str) -> bool:
    """Return whether the named fields of a dataclass have their default values.

    Values that were computed once are compared where this is so, and nowhere else.

    Examples
    --------
    >>> from dynsys_gd.claims import get_study
    >>> settings = get_study("step_size_matters").at(wells_starts=100).settings
    >>> unchanged(settings, "cusp_steps"), unchanged(settings, "cusp_steps", "wells_starts")
    (True, False)
    """
    made = type(settings)()
    return all(getattr(settings, name) == getattr(made, name) for name in names)
