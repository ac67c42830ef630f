"""Which figures a verdict gets."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidInput
from ..results import Result
from .job import Job

if TYPE_CHECKING:
    from ..claims import Verdict

__all__ = ["Picture", "drawn", "embedded", "pictures_of"]

_HEAVIEST_SVG = 400_000


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One figure in both forms.

    Parameters
    ----------
    name : str
        File name without ending.
    caption : str
    png, svg : bytes
    on_page : bool
        Whether the page shows it. The verdict card is kept as a file only: the page says the same
        in words that can be searched and read on a small screen.
    at_top : bool
        Whether the page shows it at its top as well.
    """

    name: str
    caption: str
    png: bytes = field(repr=False)
    svg: bytes = field(repr=False)
    on_page: bool = True
    at_top: bool = False


def pictures_of(job: Job, verdict: Verdict) -> Iterator[Picture]:
    """Yield the views, the measurements of the verdict that have a picture, the verdict card."""
    for view in job.views:
        result = view.make(verdict.instance.F, verdict.instance.region)
        at_top = view.name in job.highlights
        yield drawn(result, f"{job.name}-{view.name}", view.caption, at_top=at_top)
    for number, result in enumerate(verdict.observation.results, start=1):
        at_top = str(number) in job.highlights
        try:
            yield drawn(result, f"{job.name}-{number}", result.headline(), at_top=at_top)
        except InvalidInput:  # a result that has no picture, such as a table of numbers
            continue
    yield drawn(verdict, f"{job.name}-card", verdict.headline(), on_page=False)


def drawn(
    result: Result, name: str, caption: str, *, on_page: bool = True, at_top: bool = False
) -> Picture:
    """Return the picture of a result, or raise `InvalidInput` where it has none."""
    from ..plots import figure, save

    with tempfile.TemporaryDirectory() as folder:
        png, svg = save(figure(result), Path(folder), name)
        return Picture(
            name=name,
            caption=caption,
            png=png.read_bytes(),
            svg=svg.read_bytes(),
            on_page=on_page,
            at_top=at_top,
        )


def embedded(picture: Picture) -> str:
    """Return a data address: the SVG, or the PNG where the SVG would weigh too much."""
    light = len(picture.svg) <= _HEAVIEST_SVG
    kind, data = ("svg+xml", picture.svg) if light else ("png", picture.png)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
