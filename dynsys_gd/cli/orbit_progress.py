"""What ``dynsys-gd orbits`` says on stderr while it searches."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from ..maps.base import Map
from ..orbits.question import OrbitMethod
from ..regions import Box
from .orbit_table import PeriodRow, counted
from .terminal import clocked_bar, console

__all__ = ["searched"]


def searched(
    F: Map, box: Box, periods: Sequence[int], *, method: OrbitMethod | None, seconds: float
) -> Iterator[PeriodRow]:
    """Yield the rows; on stderr a line for each, and on a terminal a bar of boxes examined."""
    screen = console(stderr=True)
    bar = clocked_bar(screen, "boxes")
    begin = time.perf_counter()
    with bar:
        task = bar.add_task(f"period {periods[0]}", total=None)

        def moved(done: int, known: int) -> None:
            bar.update(task, completed=done, total=known)

        found = counted(F, box, periods, method=method, seconds=seconds, progress=moved)
        for number, row in enumerate(found, start=1):
            yield row
            clock = time.perf_counter() - begin
            line = f"[{number}/{len(periods)}] {clock:5.1f} s  {row.sentence()}"
            screen.print(line, markup=False, soft_wrap=True)
            following = periods[number] if number < len(periods) else periods[-1]
            bar.reset(task, description=f"period {following}", total=None)
