"""The two axes of a verdict and what may be said of them."""

import itertools
import json

import pytest
from sympy.abc import x, y

from dynsys_gd import (
    Budget,
    Evidence,
    Finding,
    Grade,
    GradientDescent,
    Loss,
    Outcome,
    UndecidedError,
)
from dynsys_gd.claims import Claim, Hypothesis, Instance, Observation, Status, Verdict
from dynsys_gd.claims.verify import usual_region

YES, NO, OPEN = Outcome.YES, Outcome.NO, Outcome.UNDECIDED
PROVED, CERTIFIED, NUMERICAL = Grade.PROVED, Grade.CERTIFIED, Grade.NUMERICAL


def finding(outcome, grade, statement="it holds"):
    evidence = Evidence(grade=grade, reason=f"because <{grade.value}>")
    return Finding(statement=statement, outcome=outcome, evidence=evidence, detail="a & b")


def verdict(hypotheses, seen, notes=()):
    F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size="11/10")
    claim = Claim(
        name="test",
        title="A test claim",
        statement="If all is well, it is seen.",
        sources=("craciun2024convergence",),
        hypotheses=tuple(
            Hypothesis(name=f"h{k}", statement=f"statement {k}", check=lambda instance: None)
            for k in range(len(hypotheses))
        ),
        conclusion="it is seen",
        observe=lambda instance: None,
        examples=tuple,
        counterexamples=dict,
    )
    instance = Instance(F=F, region=usual_region(F), seed=1, starts=10, budget=Budget())
    return Verdict(
        claim=claim,
        instance=instance,
        findings=tuple(finding(*pair) for pair in hypotheses),
        observation=Observation(finding=finding(*seen), notes=tuple(notes)),
    )


@pytest.mark.parametrize(
    ("hypotheses", "seen", "status"),
    [
        ([(YES, PROVED), (YES, CERTIFIED)], (YES, Grade.STATISTICAL), Status.VERIFIED),
        ([(YES, PROVED), (YES, NUMERICAL)], (YES, PROVED), Status.SUPPORTED),
        ([(YES, PROVED), (YES, Grade.STATISTICAL)], (YES, PROVED), Status.SUPPORTED),
        ([(YES, PROVED), (YES, CERTIFIED)], (NO, Grade.STATISTICAL), Status.CONTRADICTION),
        ([(YES, PROVED), (YES, NUMERICAL)], (NO, PROVED), Status.INCONCLUSIVE),
        ([(YES, PROVED), (OPEN, NUMERICAL)], (YES, PROVED), Status.INCONCLUSIVE),
        ([(YES, PROVED), (YES, PROVED)], (OPEN, NUMERICAL), Status.INCONCLUSIVE),
        ([(NO, PROVED), (OPEN, NUMERICAL)], (NO, PROVED), Status.SILENT),
        ([(NO, NUMERICAL), (YES, PROVED)], (YES, PROVED), Status.SILENT),
    ],
)
def test_applies_times_observed(hypotheses, seen, status):
    found = verdict(hypotheses, seen)
    assert found.status is status
    assert found.contradiction is (status is Status.CONTRADICTION)


def test_verified_needs_rigour_and_nothing_else_gives_it():
    pairs = list(itertools.product(Outcome, Grade))
    for first, seen in itertools.product(pairs, pairs):
        found = verdict([first, (YES, PROVED)], seen)
        verified = first[0] is YES and first[1].rigorous and seen[0] is YES
        assert (found.status is Status.VERIFIED) is verified
        if found.status is Status.CONTRADICTION:
            assert first[1].rigorous
            assert seen[0] is NO


def test_the_weakest_hypothesis_sets_the_grade_and_the_reason():
    found = verdict([(YES, PROVED), (YES, NUMERICAL), (YES, CERTIFIED)], (YES, PROVED))
    assert found.grade is NUMERICAL
    assert found.evidence.grade is NUMERICAL
    assert "numerical" in found.evidence.reason


def test_a_refutation_is_as_strong_as_its_strongest():
    found = verdict([(NO, NUMERICAL), (NO, PROVED), (YES, NUMERICAL)], (YES, PROVED))
    assert found.grade is PROVED
    assert "proved" in found.evidence.reason


def test_a_verdict_has_no_truth_value():
    with pytest.raises(UndecidedError, match="two axes"):
        bool(verdict([(YES, PROVED)], (YES, PROVED)))


def test_a_contradiction_is_shouted():
    found = verdict([(YES, PROVED)], (NO, Grade.STATISTICAL))
    assert found.headline().startswith("CONTRADICTION")
    assert repr(found).startswith("CONTRADICTION")
    assert "CONTRADICTION" in found._repr_html_()


def test_repr_is_short_and_starts_with_a_sentence():
    notes = [f"note {k}" for k in range(20)]
    text = repr(verdict([(YES, PROVED)] * 4, (YES, PROVED), notes))
    assert len(text.splitlines()) <= 12
    assert text.splitlines()[0].startswith("VERIFIED: A test claim, on gradient descent")


def test_html_is_escaped():
    page = verdict([(OPEN, PROVED)], (YES, PROVED), ["x < 1 & y"])._repr_html_()
    assert "a &amp; b" in page
    assert "x &lt; 1" in page
    assert "<proved>" not in page


def test_plain_data_with_versions_and_seed_and_no_clock():
    data = verdict([(YES, PROVED)], (YES, PROVED)).to_dict()
    text = json.dumps(data)
    assert data["status"] == "verified"
    assert data["instance"]["seed"] == 1
    assert {"dynsys_gd", "numpy", "sympy", "python"} <= set(data["versions"])
    assert data["hypotheses"][0]["grade"] == "proved"
    assert '"seconds"' not in text


def test_sources_are_cited_once():
    assert verdict([(YES, PROVED)], (YES, PROVED)).cite().count("@article") == 1
