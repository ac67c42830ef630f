"""What every claim promises: it applies on its examples, and each hypothesis is needed."""

import json

import pytest

from dynsys_gd import Budget, InvalidInput, Outcome, claims
from dynsys_gd.claims import Claim, Status
from dynsys_gd.results import bibliography

CLAIMS = claims.all_claims()
STARTS, BUDGET = 24, Budget(steps=1024)


def cases(kind):
    for claim in CLAIMS:
        pairs = (
            [("", case) for case in claim.examples()]
            if kind == "examples"
            else list(claim.counterexamples().items())
        )
        for hypothesis, case in pairs:
            name = f"{claim.name}-{hypothesis or case.title}".replace(" ", "_")
            yield pytest.param(claim, hypothesis, case, id=name)


@pytest.mark.parametrize("claim", CLAIMS, ids=claims.names())
class TestEveryClaim:
    def test_is_an_attribute_of_its_name(self, claim):
        assert isinstance(claim, Claim)
        assert getattr(claims, claim.name) is claim
        assert claims.get(claim.name) is claim

    def test_has_a_source(self, claim):
        assert set(claim.sources) <= set(bibliography())
        assert claim.cite().count("@") == len(claim.sources)

    def test_speaks_in_sentences(self, claim):
        assert claim.statement.endswith(".")
        assert all(text and "\n" not in text for text in (claim.title, claim.conclusion))
        json.dumps(claim.to_dict())
        assert repr(claim).startswith(f"Claim {claim.name}")

    def test_says_once_that_the_words_are_not_those_of_the_paper(self, claim):
        assert "the paper's own wording and constants may differ" in claim.provenance
        assert repr(claim).count(claim.provenance) == 1
        assert claim.to_dict()["provenance"] == claim.provenance

    def test_has_one_counterexample_for_each_hypothesis(self, claim):
        names = [hypothesis.name for hypothesis in claim.hypotheses]
        assert len(set(names)) == len(names)
        assert set(claim.counterexamples()) == set(names)
        assert claim.examples()


@pytest.mark.parametrize(("claim", "_hypothesis", "case"), list(cases("examples")))
def test_it_applies_on_its_examples(claim, _hypothesis, case):
    verdict = claims.verify(claim, case.F, region=case.region, starts=STARTS, budget=BUDGET, rng=0)
    assert verdict.applies is Outcome.YES, verdict
    assert verdict.status in (Status.VERIFIED, Status.SUPPORTED), verdict
    json.dumps(verdict.to_dict())


@pytest.mark.parametrize(("claim", "hypothesis", "case"), list(cases("counterexamples")))
def test_it_does_not_apply_where_a_hypothesis_fails(claim, hypothesis, case):
    verdict = claims.verify(claim, case.F, region=case.region, starts=STARTS, budget=BUDGET, rng=0)
    names = [h.name for h in claim.hypotheses]
    finding = verdict.findings[names.index(hypothesis)]
    assert finding.outcome is Outcome.NO, verdict
    assert verdict.status is Status.SILENT


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(InvalidInput, match="non_singular_map"):
        claims.get("nothing")
