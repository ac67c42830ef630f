"""The page of a study: what it tells, what it escapes, which records it refuses."""

import copy
import doctest
import re
from dataclasses import replace

import pytest

from dynsys_gd import InvalidInput, claims
from dynsys_gd.claims import page
from dynsys_gd.claims.page import index_page, record_of, study_page

STUDY = claims.get_study("step_size_matters").small()


@pytest.fixture(scope="module")
def record():
    found = claims.reproduce(STUDY, rng=0).to_dict()
    return record_of(found, caption="a | b", versions={"numpy": "2.0"})


def rows(text):
    """The rows of all tables, as lists of cells."""
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line[:1] == "|"]
    return [[cell.strip().replace("\\", "") for cell in row] for row in cells]


def test_the_page_has_statements_cases_numbers_and_settings(record):
    text = study_page(STUDY, record)
    told = text.replace("\\", "")
    assert f"# {STUDY.title}\n" in text
    assert f"](https://arxiv.org/abs/{STUDY.arxiv})" in text
    assert "**Reproduced**; 11 of 11 numbers as expected." in text
    assert "![a \\| b](images/step_size_matters.png)" in text
    assert "a run with numpy 2.0." in text
    found = rows(text)
    for claim in STUDY.made():
        assert f"## {claim.title}" in told
        assert claim.statement in told
        assert claim.provenance in told
        for hypothesis in claim.hypotheses:
            assert f"- If *{hypothesis.name}*: {hypothesis.statement}," in told
        for name, case in claim.counterexamples().items():
            (row,) = [row for row in found if row[0].startswith(f"{case.title} (without *{name}*)")]
            assert case.why in row[0]
            assert row[3] == "silent"
    for name, value in STUDY.constants().items():
        (row,) = [row for row in found if row[0] == f"`{name}`"]
        assert row[1] == f"`{value}`"
        assert row[2] == (f"`{value}`" if name in STUDY.quick else "")
    assert [
        "|x| where orbits settle, step size 0.1",
        "0.0025 ± 1e-12",
        "derived",
        "0.0025",
    ] in found


def test_every_table_is_rectangular(record):
    text = study_page(STUDY, record)
    for block in text.split("\n\n"):
        widths = {len(row) for row in rows(block)}
        assert len(widths) <= 1


def test_the_code_of_the_page_runs(record):
    text = study_page(STUDY, record)
    parsed = doctest.DocTestParser().get_doctest(text, {}, "page", None, 0)
    assert len(parsed.examples) == 3
    assert doctest.DocTestRunner(verbose=False).run(parsed).failed == 0


def test_markup_in_the_words_of_a_study_stays_words(record):
    odd = replace(
        STUDY,
        title="On *stars*, _lines_ and [links](x)",
        summary="W_1 |x| <b> `code` $x$.",
        discussion="A line\n# no heading.",
    )
    text = study_page(odd, record)
    assert "# On \\*stars\\*, \\_lines\\_ and \\[links\\]\\(x)\n" in text
    assert "W_1 \\|x\\| \\<b> \\`code\\` \\$x\\$." in text
    assert "## Differences from the paper\n\nA line # no heading." in text


def test_what_differs_and_what_is_disputed_is_marked(record):
    other = copy.deepcopy(record)
    other |= {"reproduced": "no", "disputed": True}
    other["trials"][0]["numbers"][0] |= {"agrees": "no", "found": "nan"}
    text = study_page(STUDY, other)
    assert "**Not reproduced**, with a contradiction; 10 of 11 numbers as expected." in text
    assert "nan **differs**" in text


def test_a_disputed_claim_says_so(record):
    made = STUDY.claims
    contested = replace(
        STUDY, claims=lambda s: tuple(replace(c, disputed="Seen is *less*.") for c in made(s))
    )
    assert "**Disputed.** Seen is \\*less\\*." in study_page(contested, record)


def changed(record, edit):
    other = copy.deepcopy(record)
    edit(other)
    return other


@pytest.mark.parametrize(
    "edit",
    [
        lambda r: r["settings"].update(steep=3),
        lambda r: r["trials"].pop(),
        lambda r: r["trials"].pop(0),
        lambda r: r["trials"].append(r["trials"][0]),
        lambda r: r["trials"].reverse(),
        lambda r: r["trials"][0].update(case="another"),
        lambda r: r["trials"][0]["hypotheses"].pop(),
    ],
)
def test_a_record_of_something_else_is_refused(record, edit):
    with pytest.raises(InvalidInput, match=r"recorded: .*make\.py again"):
        study_page(STUDY, changed(record, edit))


def test_the_index_lists_the_studies_by_part(record):
    other = replace(STUDY, name="other", part=claims.Part.MAIN)
    text = index_page([other, STUDY], {"other": {**record, "disputed": True}, STUDY.name: record})
    assert text.index(claims.Part.MAIN.title) < text.index(claims.Part.FRONTIER.title)
    assert claims.Part.OWN.title not in text
    assert "2 of 2 are reproduced, 1 of them with a contradiction." in text
    told = rows(text)
    assert [row[2:] for row in told if "(other.md)" in row[0]] == [
        ["Reproduced, with a contradiction", "11 of 11"]
    ]
    for status in claims.Status:
        assert [status.value, status.meaning] in told


def test_a_paper_without_arxiv_number_is_named_all_the_same():
    assert page._linked("Polyak 1964", "") == "Polyak 1964"
    assert page._linked("Wang 2022", "2110.03677").startswith("Wang 2022, [arXiv:2110.03677](")
