"""Evidence only weakens; outcomes have three values and no truth value."""

import itertools

import pytest

from dynsys_gd import Evidence, Finding, Grade, Outcome, UndecidedError
from dynsys_gd.evidence import weakest


def test_weakest_of_any_two_grades_is_one_of_them_and_not_stronger():
    for a, b in itertools.product(Grade, repeat=2):
        grade = weakest([a, b])
        assert grade in (a, b)
        assert a.at_least(grade)
        assert b.at_least(grade)


def test_weakened_evidence_keeps_its_first_reason_and_never_strengthens():
    evidence = Evidence(grade=Grade.CERTIFIED, reason="ball arithmetic")
    weaker = evidence.weakened_to(Grade.NUMERICAL, "the step size is a float")
    assert weaker.grade is Grade.NUMERICAL
    assert weaker.reason == "ball arithmetic; the step size is a float"
    assert evidence.weakened_to(Grade.PROVED, "no") is evidence


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_outcome_has_no_truth_value(outcome):
    with pytest.raises(UndecidedError):
        bool(outcome)


def test_conjunction_of_outcomes_is_kleenes():
    yes, no, undecided = Outcome.YES, Outcome.NO, Outcome.UNDECIDED
    table = {
        (yes, yes): yes,
        (yes, undecided): undecided,
        (yes, no): no,
        (undecided, undecided): undecided,
        (undecided, no): no,
        (no, no): no,
    }
    for (a, b), expected in table.items():
        assert Outcome.all_of([a, b]) is expected
        assert Outcome.all_of([b, a]) is expected


@pytest.mark.parametrize(
    ("outcome", "grade", "label"),
    [
        (Outcome.YES, Grade.PROVED, "PROVED"),
        (Outcome.YES, Grade.CERTIFIED, "CERTIFIED"),
        (Outcome.YES, Grade.STATISTICAL, "supported"),
        (Outcome.UNDECIDED, Grade.PROVED, "undecided"),
        (Outcome.NO, Grade.CERTIFIED, "refuted"),
        (Outcome.NO, Grade.NUMERICAL, "refuted (not proved)"),
    ],
)
def test_labels_of_findings(outcome, grade, label):
    finding = Finding(
        statement="s", outcome=outcome, evidence=Evidence(grade=grade, reason="because")
    )
    assert finding.label == label
