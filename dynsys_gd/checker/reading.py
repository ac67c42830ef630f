"""Reading a certificate strictly: what is not exactly as described is refused with a reason."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import math
import os
import re
import zlib
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from .content import (
    CELL_KINDS,
    FORMAT,
    VERSION,
    Bounded,
    CellList,
    Content,
    GivenBarrier,
    GivenBlock,
    GivenCore,
    GivenEscape,
    GivenForm,
    GivenIdentity,
    GivenMap,
    Goal,
    Rule,
    Theorem,
)

__all__ = ["read", "read_file"]

MOST_BYTES = 1 << 28
MOST_CELLS = 1 << 24
MOST_COORDINATES = 16
MOST_ENTRIES = 256  # of a list of cores, forms, blocks or escapes
MOST_OUTCOMES = 16
MOST_STEPS = 4096
DEEPEST_LEVEL = 60
LONGEST_TEXT = 20_000
LONGEST_NUMBER = 4_000

Item = TypeVar("Item")

_RATIONAL = re.compile(r"-?[0-9]+(/[0-9]+)?")
_HEX = re.compile(r"-?0x[01]\.[0-9a-f]{1,13}p[+-][0-9]{1,4}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def read_file(path: str | os.PathLike[str]) -> Content:
    """Read a certificate from a file of JSON, or of JSON in gzip where the name ends in .gz."""
    place = Path(path)
    try:
        with place.open("rb") as stream:
            zipped = gzip.GzipFile(fileobj=stream) if place.suffix == ".gz" else stream
            data = zipped.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput("path", str(place), "a file that can be read", str(error)) from None
    if len(data) > MOST_BYTES:
        raise InvalidInput("path", str(place), f"at most {MOST_BYTES} bytes of JSON")
    try:
        plain = json.loads(data, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("path", str(place), "a file of JSON", str(error)) from None
    return read(plain)


def read(plain: Any) -> Content:
    """Return the content of plain data as ``json.loads`` returns them."""
    whole = _Part(plain, "certificate")
    keys = "format version map region target regular_at outcomes cores forms blocks escapes "
    whole.keys(*keys.split(), "cells", "claim")
    whole.exactly("format", FORMAT)
    whole.exactly("version", VERSION)
    given = _map(whole.part("map"))
    d = len(given.variables)
    region = whole.part("region").keys("low", "high")
    low, high = (region.numbers(name, d) for name in ("low", "high"))
    outcomes = whole.each("outcomes", _Part.text, MOST_OUTCOMES)
    if len(set(outcomes)) < len(outcomes) or outcomes[:1] != ("not",):
        raise whole.refusal("outcomes", outcomes, 'different names, the first of them "not"')

    def outcome(part: _Part) -> int:
        return part.integer("outcome", 1, len(outcomes) - 1)

    def core(part: _Part) -> GivenCore:
        part.keys("centre", "frame", "radius", "outcome")
        return GivenCore(
            centre=part.reals("centre", d),
            frame=part.matrix("frame", d),
            radius=part.part("radius").real(),
            outcome=outcome(part),
        )

    def form(part: _Part) -> GivenForm:
        part.keys("equations", "factors", "outcome")
        equations = part.each("equations", _Part.text, d)
        rows = part.each("factors", lambda row: row.items(_Part.text, len(equations)), d)
        if not equations or len(rows) != d or any(len(r) != len(equations) for r in rows):
            raise part.refusal("factors", rows, "a row for each coordinate")
        return GivenForm(equations=equations, factors=rows, outcome=outcome(part))

    def block(part: _Part) -> GivenBlock:
        part.keys("lower", "upper", "frame", "unstable")
        return GivenBlock(
            lower=part.reals("lower", d),
            upper=part.reals("upper", d),
            frame=part.matrix("frame", d),
            unstable=part.integer("unstable", 1, d),
        )

    return Content(
        map=given,
        low=low,
        high=high,
        target=Goal(whole.one_of("target", [goal.value for goal in Goal])),
        regular_at=None if whole.value["regular_at"] is None else whole.numbers("regular_at", d),
        outcomes=outcomes,
        cores=whole.each("cores", core),
        forms=whole.each("forms", form),
        blocks=whole.each("blocks", block),
        escapes=whole.each("escapes", lambda part: _escape(part, d)),
        cells=_cells(whole.part("cells"), d),
        claim=_claim(whole.part("claim"), d),
    )


def _map(part: _Part) -> GivenMap:
    part.keys("rule", "variables", "loss", "step_size", "momentum", "images")
    rule = Rule(part.one_of("rule", [rule.value for rule in Rule]))
    variables = part.each("variables", _Part.text, MOST_COORDINATES)
    named = all(_NAME.fullmatch(name) for name in variables)
    if not variables or len(set(variables)) < len(variables) or not named:
        raise part.refusal("variables", variables, "different names of letters and digits")
    descends = rule is not Rule.SYMBOLIC
    momentous = rule in (Rule.HEAVY_BALL, Rule.NESTEROV)
    for name, wanted in (("loss", descends), ("step_size", descends), ("momentum", momentous)):
        if (part.value[name] is not None) is not wanted:
            raise part.refusal(name, part.value[name], "text" if wanted else "null")
    images = part.each("images", _Part.text, MOST_COORDINATES)
    if len(images) != len(variables) or (momentous and len(variables) % 2):
        raise part.refusal("images", images, "one for each coordinate of the state")
    return GivenMap(
        rule=rule,
        variables=variables,
        loss=part.part("loss").text() if descends else None,
        step_size=part.number("step_size") if descends else None,
        momentum=part.number("momentum") if momentous else None,
        images=images,
    )


def _escape(part: _Part, d: int) -> GivenEscape:
    part.keys("kind", "radius", "signs", "barrier")
    kind = part.one_of("kind", ("orthants", "far", "barrier"))
    radius = part.number("radius")
    signs = part.each("signs", lambda row: row.items(_Part.sign, d, exact=True))
    given = None if part.value["barrier"] is None else part.part("barrier")
    fits = (kind == "orthants") is bool(signs) and (kind == "barrier") is (given is not None)
    if not fits or (radius > 0) is (kind == "barrier") or len(set(signs)) < len(signs):
        expected = "a radius above 0, signs for orthants only, or a barrier of radius 0"
        raise part.refusal("", part.value, expected)
    barrier = None
    if given is not None:
        given.keys("function", "root", "least", "form", "steep", "regular")
        barrier = GivenBarrier(
            function=given.part("function").text(),
            root=given.part("root").text(),
            least=given.number("least"),
            form=given.integer("form", 0, MOST_ENTRIES),
            steep=_identity(given.part("steep")),
            regular=_identity(given.part("regular")),
        )
    return GivenEscape(kind=kind, radius=radius, signs=signs, barrier=barrier)


def _identity(part: _Part) -> GivenIdentity:
    part.keys("alpha", "beta", "gamma")
    beta = part.each("beta", _Part.text, MOST_COORDINATES)
    return GivenIdentity(alpha=part.number("alpha"), beta=beta, gamma=part.number("gamma"))


def _cells(part: _Part, d: int) -> CellList:
    part.keys("n", *CELL_KINDS)
    n = part.integer("n", 0, MOST_CELLS)
    arrays = {name: part.array(name, kind, n * (d if name == "place" else 1))
              for name, kind in CELL_KINDS.items()}  # fmt: skip
    arrays["place"] = arrays["place"].reshape(n, d)
    level, which, room = arrays["level"], arrays["which"], arrays["room"]
    if (level < 0).any() or (level > DEEPEST_LEVEL).any():
        raise part.refusal("level", level, f"levels from 0 to {DEEPEST_LEVEL}")
    if (np.abs(arrays["place"] >> 62) > 1).any():
        raise part.refusal("place", arrays["place"], "places below 2^62 in size")
    if not np.isfinite(room).all() or (room < 0).any():
        raise part.refusal("room", room, "finite numbers, none below 0")
    if (arrays["why"] > 6).any():
        raise part.refusal("why", arrays["why"], "numbers of lemmas, 0 to 6")
    if (which < 0).any() or (which > MOST_STEPS).any():
        raise part.refusal("which", which, f"numbers from 0 to {MOST_STEPS}")
    if (arrays["stage"] < 0).any():
        raise part.refusal("stage", arrays["stage"], "numbers from 0 on")
    return CellList(**arrays)


def _claim(part: _Part, d: int) -> Bounded | Theorem:
    if "box" in part.keys_of():
        part.keys("box", "statement")
        box = part.part("box").keys("low", "high")
        low, high = box.numbers("low", d), box.numbers("high", d)
        return Theorem(low=low, high=high, statement=part.part("statement").text())
    part.keys("lower", "upper", "by_outcome")
    each = part.part("by_outcome")
    pairs = {name: each.numbers(name, 2) for name in each.keys_of()}
    bounds = tuple((name, low, high) for name, (low, high) in pairs.items())
    return Bounded(lower=part.number("lower"), upper=part.number("upper"), by_outcome=bounds)


class _Part:
    """A value in the file together with where it stands."""

    def __init__(self, value: Any, place: str) -> None:
        self.value, self.place = value, place

    def refusal(self, name: str, received: Any, expected: str) -> InvalidInput:
        shown = received.tolist()[:8] if isinstance(received, np.ndarray) else received
        return InvalidInput(f"{self.place}.{name}" if name else self.place, shown, expected)

    def keys_of(self) -> list[str]:
        if not isinstance(self.value, dict) or not all(isinstance(k, str) for k in self.value):
            raise self.refusal("", self.value, "an object with names")
        return list(self.value)

    def keys(self, *names: str) -> _Part:
        if set(self.keys_of()) != set(names):
            raise self.refusal("", sorted(self.value), f"exactly the keys {', '.join(names)}")
        return self

    def part(self, name: str) -> _Part:
        return _Part(self.value[name], f"{self.place}.{name}")

    def exactly(self, name: str, expected: str | int) -> None:
        value = self.value[name]
        if type(value) is not type(expected) or value != expected:
            raise self.refusal(name, value, repr(expected))

    def one_of(self, name: str, words: Iterable[str]) -> str:
        word = self.value[name]
        if not isinstance(word, str) or word not in words:
            raise self.refusal(name, word, f"one of {', '.join(words)}")
        return word

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.isprintable():
            raise self.refusal("", self.value, "text in one line")
        if len(self.value) > LONGEST_TEXT:
            raise self.refusal("", self.value, f"at most {LONGEST_TEXT} characters")
        return self.value

    def integer(self, name: str, low: int, high: int) -> int:
        value = self.value[name]
        if type(value) is not int or not low <= value <= high:
            raise self.refusal(name, value, f"a whole number from {low} to {high}")
        return value

    def sign(self) -> int:
        if type(self.value) is not int or self.value not in (1, -1):
            raise self.refusal("", self.value, "1 or -1")
        return int(self.value)

    def rational(self) -> Fraction:
        value = self.value
        if isinstance(value, str) and len(value) <= LONGEST_NUMBER and _RATIONAL.fullmatch(value):
            top, _, bottom = value.partition("/")
            if bottom == "" or int(bottom) != 0:
                return Fraction(int(top), int(bottom or "1"))
        raise self.refusal("", value, 'an exact number as text, such as "3" or "-1/2"')

    def number(self, name: str) -> Fraction:
        return self.part(name).rational()

    def numbers(self, name: str, count: int) -> tuple[Fraction, ...]:
        return self.part(name).items(_Part.rational, count, exact=True)

    def real(self) -> float:
        value = self.value
        if isinstance(value, str) and _HEX.fullmatch(value):
            try:
                number = float.fromhex(value)
            except OverflowError:
                number = math.inf
            if math.isfinite(number):
                return number
        raise self.refusal("", value, "a finite number as float.hex writes it")

    def reals(self, name: str, count: int) -> tuple[float, ...]:
        return self.part(name).items(_Part.real, count, exact=True)

    def matrix(self, name: str, count: int) -> tuple[tuple[float, ...], ...]:
        return self.part(name).items(
            lambda row: row.items(_Part.real, count, exact=True), count, exact=True
        )

    def each(
        self, name: str, reading: Callable[[_Part], Item], most: int = MOST_ENTRIES
    ) -> tuple[Item, ...]:
        return self.part(name).items(reading, most)

    def items(
        self, reading: Callable[[_Part], Item], most: int, *, exact: bool = False
    ) -> tuple[Item, ...]:
        values = self.value
        if not isinstance(values, list) or len(values) > most or (exact and len(values) < most):
            raise self.refusal("", values, f"a list of {'' if exact else 'at most '}{most}")
        return tuple(reading(_Part(value, f"{self.place}[{i}]")) for i, value in enumerate(values))

    def array(self, name: str, kind: np.dtype[Any], count: int) -> NDArray[Any]:
        text, size = self.value[name], count * kind.itemsize
        expected = f"base64 of zlib of {count} numbers of kind {kind.str}"
        if not isinstance(text, str):
            raise self.refusal(name, text, expected)
        try:
            unpacker = zlib.decompressobj()
            data = unpacker.decompress(base64.b64decode(text, validate=True), size + 1)
        except (ValueError, binascii.Error, zlib.error):
            raise self.refusal(name, text[:40], expected) from None
        if len(data) != size or not unpacker.eof or unpacker.unused_data:
            raise self.refusal(name, text[:40], expected)
        array = np.frombuffer(data, dtype=kind).astype(kind.newbyteorder("="))
        array.setflags(write=False)
        return array


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a number")
