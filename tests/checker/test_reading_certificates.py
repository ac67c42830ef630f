"""A certificate is read strictly, saved exactly, and never runs what it says."""

import copy
import gzip
import json
import zlib
from base64 import b64encode

import numpy as np
import pytest
from reference.small_certificates import beyond, double_well

from dynsys_gd.checker import check
from dynsys_gd.checker.reading import read
from dynsys_gd.errors import InvalidInput
from dynsys_gd.measure.enclosure.certificate import Certificate

PLAIN = double_well(5).to_dict()


def packed(array):
    return b64encode(zlib.compress(np.ascontiguousarray(array).tobytes())).decode()


@pytest.mark.parametrize("name", ["well.json", "well.json.gz"])
def test_what_is_saved_is_loaded(tmp_path, name):
    made = Certificate(beyond())
    place = made.save(tmp_path / name)
    again = Certificate.load(place)
    assert again.to_dict() == made.to_dict()
    before = place.read_bytes()
    assert again.save(place).read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert check(place).accepted


def changed(path, value):
    plain = copy.deepcopy(PLAIN)
    part = plain
    *above, last = path
    for key in above:
        part = part[key]
    part[last] = value
    return plain


N = PLAIN["cells"]["n"]
WRONG = {
    "another format": (("format",), "certificate"),
    "another version": (("version",), 2),
    "version of another type": (("version",), True),
    "one key more": (("note",), "x"),
    "one key more inside": (("map", "note"), "x"),
    "map as text": (("map",), "GradientDescent"),
    "unknown rule": (("map", "rule"), "Adam"),
    "momentum of gradient descent": (("map", "momentum"), "1/2"),
    "no loss": (("map", "loss"), None),
    "step size as a number": (("map", "step_size"), 0.5),
    "step size without end": (("map", "step_size"), "1/0"),
    "step size in words": (("map", "step_size"), "nan"),
    "long number": (("map", "step_size"), "1" * 5000),
    "no variables": (("map", "variables"), []),
    "variables twice": (("map", "variables"), ["x", "x"]),
    "variable that is no name": (("map", "variables"), ["x y"]),
    "no image": (("map", "images"), []),
    "long image": (("map", "images"), ["x + " * 9000 + "x"]),
    "image of two lines": (("map", "images"), ["x\n+ x"]),
    "corner of two coordinates": (("region", "low"), ["0", "0"]),
    "unknown target": (("target",), "maxima"),
    "regular point as numbers": (("regular_at",), [2]),
    "first outcome": (("outcomes",), ["a minimum", "not"]),
    "outcome twice": (("outcomes",), ["not", "a", "a", "b"]),
    "many outcomes": (("outcomes",), ["not", *map(str, range(20))]),
    "radius as a number": (("cores", 0, "radius"), 0.25),
    "infinite radius": (("cores", 0, "radius"), "0x1.0p+9999"),
    "radius inf": (("cores", 0, "radius"), "inf"),
    "radius nan": (("cores", 0, "radius"), "nan"),
    "outcome 0 of a core": (("cores", 0, "outcome"), 0),
    "outcome of a core": (("cores", 0, "outcome"), 9),
    "outcome as a truth value": (("cores", 0, "outcome"), True),
    "frame": (("cores", 0, "frame"), [["0x1.0p+0"], ["0x1.0p+0"]]),
    "factors": (("forms", 0, "factors"), [["1", "1"]]),
    "unstable directions": (("blocks", 0, "unstable"), 0),
    "kind": (("escapes", 0, "kind"), "anything"),
    "signs of far": (("escapes", 0, "signs"), [[1]]),
    "radius of an escape": (("escapes", 0, "radius"), "-1"),
    "no cells": (("cells", "n"), 0),
    "one cell less": (("cells", "n"), N - 1),
    "many cells": (("cells", "n"), 10**12),
    "cells as a list": (("cells", "level"), [1] * N),
    "no base64": (("cells", "level"), "§"),
    "no zlib": (("cells", "level"), b64encode(b"abc").decode()),
    "bomb": (("cells", "level"), packed(np.zeros(10**8, np.int8))),
    "short array": (("cells", "level"), packed(np.zeros(N - 1, np.int8))),
    "level below 0": (("cells", "level"), packed(np.full(N, -1, "<i1"))),
    "level above 60": (("cells", "level"), packed(np.full(N, 61, "<i1"))),
    "place out of range": (("cells", "place"), packed(np.full((N, 1), -(2**63), "<i8"))),
    "room nan": (("cells", "room"), packed(np.full(N, np.nan, "<f8"))),
    "room inf": (("cells", "room"), packed(np.full(N, np.inf, "<f8"))),
    "unknown lemma": (("cells", "why"), packed(np.full(N, 7, "<u1"))),
    "number below 0": (("cells", "which"), packed(np.full(N, -1, "<i4"))),
    "stage below 0": (("cells", "stage"), packed(np.full(N, -1, "<i4"))),
    "claim": (("claim",), {"lower": "0", "upper": "1"}),
    "claim as numbers": (("claim", "lower"), 0.1),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_of_the_format_is_refused(name):
    with pytest.raises(InvalidInput) as refused:
        read(changed(*WRONG[name]))
    assert str(refused.value).startswith("certificate")
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"format": NaN}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        gzip.compress(b"{}", mtime=0),
        b"\xff\xfe",
    ],
)
def test_what_is_no_json_is_refused(tmp_path, data):
    place = tmp_path / "certificate.json"
    place.write_bytes(data)
    with pytest.raises(InvalidInput, match="path"):
        check(place)


def test_a_bomb_in_gzip_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("dynsys_gd.checker.reading.MOST_BYTES", 10_000)
    place = tmp_path / "certificate.json.gz"
    place.write_bytes(gzip.compress(json.dumps(PLAIN).encode() + b" " * 10**6))
    with pytest.raises(InvalidInput, match="at most 10000 bytes"):
        check(place)
    place.write_bytes(gzip.compress(b"{}", mtime=0)[:-4])
    with pytest.raises(InvalidInput, match="can be read"):
        check(place)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "x.__class__",
        "x[0]",
        "(lambda: x)()",
        "x if x else x",
        "x**x",
        "x**1000",
        "x**(1/3)",
        "9**9**9**9",
        "y",
        "f(x)",
        "exp(x, x)",
        "exp(x=x)",
        "0.1*x",
        "1j*x",
        "x/0",
        "x/(1 - 1)",
        "'x'",
        "x == x",
        "abs(x)",
        "(" * 300 + "x" + ")" * 300,
        "-" * 5000 + "x",
        "",
    ],
)
def test_a_text_that_is_no_formula_is_refused(text):
    with pytest.raises(InvalidInput):
        check(changed(("map", "images"), [text]))
