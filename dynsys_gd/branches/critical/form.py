"""The normal form of an orbit known to many digits."""

from __future__ import annotations

from dataclasses import replace

import flint

from ...errors import DynsysError
from ...evidence import Evidence, Grade
from ...orbits.normal_forms.given import open_parameter
from ...orbits.normal_forms.made import made
from ...orbits.normal_forms.normal_form import NormalForm
from ...orbits.normal_forms.place import Place, ball_chain, tape_of
from ...orbits.normal_forms.reading import multipliers_of, read_balls
from .orbit import BITS, CriticalOrbit
from .proof import proved_reach

__all__ = ["critical_form"]

_SOURCES = ("kuznetsov2004elements",)


def critical_form(orbit: CriticalOrbit) -> NormalForm:
    """Return the normal form at an orbit with a multiplier 1 or -1.

    Every point, and the parameter value, is taken as a ball around what was computed: as large as
    the proof says, or else as the last correction suggests.

    Raises
    ------
    DynsysError
        Where the balls leave the coefficient or the other multipliers open.
    """
    system = orbit.system
    F, symbol = system.F, open_parameter(system.F)
    proved = proved_reach(orbit)
    radius = orbit.spread if proved is None else proved
    with flint.ctx.workprec(BITS):
        balls = [flint.arb(entry, radius) for entry in orbit.unknowns]
        rows = tuple(tuple(row) for row in system.parts(balls)[0])
        place = Place(
            F=F,
            symbol=symbol,
            period=system.period,
            coordinates=(tuple(orbit.start),),
            enclosure=rows,
        )
        chain = ball_chain(place, tape_of(place), balls[-1], BITS)
        reading = read_balls(chain, multipliers_of(chain), None)
        if reading.coefficient.contains(0):
            raise DynsysError("the coefficient is not told from zero")
        # Balls that are no more than estimates have a sign all the same.
        certified = Evidence(
            grade=Grade.CERTIFIED,
            reason=f"ball arithmetic at {BITS} bits: orbit and parameter value are proved to lie "
            f"within {radius:.0e} of the computed ones, and the coefficient is enclosed",
            sources=(*_SOURCES, "krawczyk1969"),
        )
        form = made(place, chain, reading, certified, orbit.parameter, None)
    if proved is not None and reading.simple:
        return form
    return replace(
        form,
        bounds=None,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason=f"computed at {BITS} bits from an orbit that Newton's method gave to within "
            f"about {radius:.0e}, which is not proved",
            sources=_SOURCES,
        ),
    )
