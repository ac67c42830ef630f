"""One study to be run: which, in which form, with which settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..claims import Study, get_study, read_study

__all__ = ["StudyJob"]


@dataclass(frozen=True, kw_only=True)
class StudyJob:
    """One study to be run, as plain data that travels between processes.

    Parameters
    ----------
    name : str
        Of the study.
    path : str
        The file of a study of the user; empty for one of the package.
    quick : bool
        Whether it runs in its small form.
    changes : tuple of (name, value)
        Settings with other values than the study gives them.
    """

    name: str
    path: str = ""
    quick: bool = False
    changes: tuple[tuple[str, Any], ...] = ()

    @property
    def figure(self) -> str:
        """Name of its figure: small letters, digits and hyphens."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-") or "study"

    def original(self) -> Study:
        """Return the study as it is written."""
        return read_study(self.path) if self.path else get_study(self.name)

    def study(self) -> Study:
        """Return the study in the form in which it is run."""
        study = self.original()
        return (study.small() if self.quick else study).at(**dict(self.changes))

    def code(self, seed: int) -> str:
        """Return Python lines that repeat the run."""
        how = f"read_study({self.path!r})" if self.path else f"get_study({self.name!r})"
        form = ".small()" if self.quick else ""
        changed = ", ".join(f"{name}={value!r}" for name, value in self.changes)
        at = f".at({changed})" if changed else ""
        return (
            "import dynsys_gd as dg\n\n"
            f"study = dg.claims.{how}{form}{at}\n"
            f"reproduction = dg.reproduce(study, rng={seed})\n"
            "reproduction.plot()\n"
        )
