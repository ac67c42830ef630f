"""A certificate of measure: everything that a proof by cells says, in one file."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...checker.content import Content
from ...checker.reading import read_file

__all__ = ["Certificate"]


@dataclass(frozen=True, eq=False)
class Certificate:
    """What a proof by cells says, as it stands in a file; ``check`` verifies it.

    Parameters
    ----------
    content : Content
        The map, the region, the target, the outcomes, the cores, forms, blocks and escape regions,
        the cells and the claim.

    Notes
    -----
    The format is described in docs/theory/certificates.md. Nothing is verified here.

    Examples
    --------
    >>> Certificate.load("nowhere.json")
    Traceback (most recent call last):
    ...
    dynsys_gd.errors.InvalidInput: path: got 'nowhere.json', expected a file that can be read; ...
    """

    content: Content

    def __repr__(self) -> str:
        given, n = self.content.map, len(self.content.cells)
        return f"Certificate({given.rule.value} on {given.loss or given.images}, {n} cells)"

    def to_dict(self) -> dict[str, Any]:
        """Return the plain data of the file."""
        return self.content.to_dict()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the file, as gzip where its name ends in .gz, and return where it is.

        The same certificate gives the same bytes. An earlier file is replaced only once the new
        one is complete.
        """
        place = Path(path)
        data = json.dumps(self.to_dict(), indent=1, allow_nan=False).encode("ascii")
        if place.suffix == ".gz":
            data = gzip.compress(data, mtime=0)
        beside = place.with_name(f"{place.name}.part")
        beside.write_bytes(data)
        os.replace(beside, place)
        return place

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Certificate:
        """Read a file strictly.

        Raises
        ------
        InvalidInput
            For a file that is not exactly of this format.
        """
        return cls(read_file(path))
