"""One claim to be checked on one instance."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .instances import Setting
from .views import View

__all__ = ["Job"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One claim to be checked on one instance.

    Parameters
    ----------
    name : str
        Distinct, of small letters, digits and hyphens; the figures are named after it.
    claim : str
        Name of the claim.
    instance : str
        The instance in a few words.
    why : str
        What the reader learns from it, one sentence.
    make : callable
        A function of `instances`; returns the map and the law of the initialisations.
    settings : tuple of (name, value)
        Its arguments.
    control : bool
        Whether a hypothesis fails here, so that the claim must be silent.
    starts : int
        Number of initialisations.
    views : tuple of View
        Pictures besides those of the measurements.
    highlights : tuple of str
        Endings of the names of pictures that the page also shows at its top.
    """

    name: str
    claim: str
    instance: str
    why: str
    make: Callable[..., Setting]
    settings: tuple[tuple[str, Any], ...]
    control: bool = False
    starts: int = 1000
    views: tuple[View, ...] = ()
    highlights: tuple[str, ...] = ()

    def setting(self) -> Setting:
        """Return the map and the law of its initialisations."""
        return self.make(**dict(self.settings))

    def code(self, seed: int) -> str:
        """Return Python lines that repeat the verdict; the instance is the code that was run."""
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.settings)
        source = inspect.getsource(self.make).replace(" -> Setting", "")
        imports = "import dynsys_gd as dg\n"
        imports += "import numpy as np\n" if "np." in source else ""
        imports += "from sympy.abc import x, y, z\n" if "dg.Loss(" in source else ""
        return (
            f"{imports}\n\n{source}\n\n"
            f"F, region = {self.make.__name__}({arguments})\n"
            f"dg.verify(\n    dg.claims.{self.claim}, F, region=region, "
            f"starts={self.starts}, rng={seed}\n)\n"
        )
