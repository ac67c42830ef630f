"""Results read well and turn into plain data."""

import json
from dataclasses import dataclass

import numpy as np
import sympy as sp

from dynsys_gd import Evidence, Grade
from dynsys_gd.results import Result, bibliography, plain

BY_HAND = Evidence(grade=Grade.PROVED, reason="by hand", sources=("craciun2024convergence",))


@dataclass(frozen=True, repr=False)
class Example(Result):
    evidence: Evidence = BY_HAND

    def headline(self):
        return "A <sentence>."

    def rows(self):
        return [(f"row {k}", str(k)) for k in range(40)]

    def latex(self):
        return "x^2"


def test_repr_is_a_sentence_and_at_most_twelve_lines():
    lines = repr(Example()).splitlines()
    assert lines[0] == "A <sentence>."
    assert len(lines) == 12
    assert "30 more" in lines[-1]


def test_html_is_escaped_and_latex_is_displayed():
    assert "A &lt;sentence&gt;." in Example()._repr_html_()
    assert Example()._repr_latex_() == "$\\displaystyle x^2$"


def test_citations_are_bibtex_entries():
    assert Example().cite().startswith("@article{craciun2024convergence,")


def test_every_bibliography_entry_has_author_title_and_year():
    entries = bibliography()
    assert len(entries) >= 10
    for key, entry in entries.items():
        for field in ("author", "title", "year"):
            assert field in entry, f"{key} lacks {field}"
        assert entry.count("{") == entry.count("}")


def test_plain_data_is_json():
    value = {
        "a": np.arange(3),
        "b": np.float64(np.nan),
        "c": float("inf"),
        "d": sp.sqrt(2),
        "e": (1, None, True, 1 + 2j),
        "f": Example(),
    }
    text = json.dumps(plain(value), allow_nan=False)
    assert json.loads(text)["b"] == "nan"
    assert json.loads(text)["f"]["grade"] == "proved"
