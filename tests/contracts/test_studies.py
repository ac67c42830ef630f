"""What every study promises: it reproduces, its controls fail, a constant has one place."""

import ast
import inspect
import json
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from dynsys_gd import Outcome, Status, claims
from dynsys_gd.claims import Role, papers
from dynsys_gd.errors import InvalidInput
from dynsys_gd.plots import figure
from dynsys_gd.results import bibliography

NAMES = claims.study_names()
RESULTS = Path(__file__).resolve().parents[2] / "docs" / "studies" / "results.json"
LEAST_SEEDS = 3
COMMON = {*map(float, range(11)), 0.5, 0.25, 1.5, 100.0}  # numbers of many meanings


@cache
def quick(name):
    return claims.reproduce(claims.get_study(name).small(), rng=0)


def recorded_numbers(name, claim, case):
    """The names of the numbers of a case, with what the full run found."""
    trials = recorded_runs().get(name, {"trials": ()})["trials"]
    here = [t for t in trials if (t["claim"], t["case"]) == (claim, case)]
    return [(n["name"], float(n["found"])) for t in here for n in t["numbers"]]


@cache
def recorded_runs():
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def source(name):
    return (Path(papers.__path__[0]) / f"{name}.py").read_text(encoding="utf-8")


def numbers_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield float(node.value)


@pytest.mark.parametrize("name", NAMES)
class TestEveryStudy:
    def test_names_its_paper(self, name):
        study = claims.get_study(name)
        assert study.paper in study.entry
        assert study.arxiv, "give the entry a field eprint = {0000.00000}"
        assert study.part is not claims.Part.OWN
        assert study.title
        assert study.summary.endswith(".")

    def test_makes_claims_with_sources_and_counterexamples(self, name):
        study = claims.get_study(name)
        made = study.claims(study.settings)
        assert len({claim.name for claim in made}) == len(made) > 0
        for claim in made:
            assert set(claim.sources) <= {*bibliography(), study.paper}
            assert claim.statement.endswith(".")
            names = [hypothesis.name for hypothesis in claim.hypotheses]
            assert set(claim.counterexamples()) == set(names)
            assert claim.examples()
        assert any(study.paper in claim.sources for claim in made)

    def test_reproduces_in_its_small_form(self, name):
        found = quick(name)
        for trial in found.trials:
            assert trial.as_expected is Outcome.YES, (trial.role, trial.verdict)
        assert found.reproduced is Outcome.YES
        json.dumps(found.to_dict())

    def test_a_control_fails_as_it_must(self, name):
        found = quick(name)
        for claim in {trial.claim.name for trial in found.trials}:
            of_claim = [trial for trial in found.trials if trial.claim.name == claim]
            if all(trial.role is not Role.DISPUTED for trial in of_claim):
                assert any(trial.fails_as_it_must for trial in of_claim), claim

    def test_compares_numbers(self, name):
        compared = [number for number in quick(name).numbers if number.compared]
        assert compared

    def test_finds_what_the_recorded_full_run_found(self, name):
        trials = [
            (trial.claim.name, trial.case.title, [n for n in trial.verdict.numbers if n.compared])
            for trial in quick(name).trials
        ]
        for claim, case, numbers in trials:
            names = [number.name for number in numbers]
            recorded = recorded_numbers(name, claim, case)
            for number in numbers:
                found = [found for known, found in recorded if known == number.name]
                if len(found) == names.count(number.name) == 1:
                    assert number.low <= found[0] <= number.high, (case, number, found)

    def test_has_a_figure(self, name):
        drawn = figure(quick(name).figure)
        assert all(ax.get_xlabel() for ax in drawn.axes if ax.lines)

    def test_randomness_has_at_least_three_seeds(self, name):
        settings = claims.get_study(name).settings
        for one in fields(settings):
            if "seeds" in one.name:
                assert len(getattr(settings, one.name)) >= LEAST_SEEDS

    def test_a_constant_is_written_once(self, name):
        tree = ast.parse(source(name))
        settings = type(claims.get_study(name).settings).__name__
        node = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == settings)
        constants = set(numbers_in(node)) - COMMON
        for part in ast.walk(tree):
            if isinstance(part, ast.Call):  # the small form gives other values to the same names
                part.keywords = [word for word in part.keywords if word.arg != "quick"]
            if isinstance(part, ast.Dict):  # a table of what was computed, and for which settings
                part.keys, part.values = [], []
        elsewhere = {n for part in tree.body if part is not node for n in numbers_in(part)}
        assert not constants & elsewhere

    def test_other_settings_are_taken_over(self, name):
        study = claims.get_study(name)
        first = fields(study.settings)[0].name
        same = study.at(**{first: getattr(study.settings, first)})
        assert same.settings == study.settings
        assert inspect.isclass(type(study.settings))


def horizons():
    for study in claims.studies():
        for name, value in study.small().constants().items():
            if name.endswith(("steps", "iterations")) and isinstance(value, int) and value >= 100:
                yield study.name, name, value // 100


@pytest.mark.parametrize(("name", "horizon", "few"), list(horizons()))
def test_too_few_steps_contradict_nothing(name, horizon, few):
    study, trials, told = claims.get_study(name).small().at(**{horizon: few}), [], ""
    try:
        trials.extend(claims.trials(study, rng=0))
    except InvalidInput as refused:
        told = str(refused)
    assert trials or f"{few}" in told, "an instrument may refuse so few, and says so"
    for trial in trials:
        wrong = trial.verdict.status is Status.CONTRADICTION
        assert not wrong or trial.claim.disputed, (trial.case.title, trial.verdict)


def test_each_paper_has_one_study():
    keys = [study.paper for study in claims.studies()]
    assert len(set(keys)) == len(keys)


def test_the_main_paper_comes_first():
    assert claims.studies()[0].part is claims.Part.MAIN
