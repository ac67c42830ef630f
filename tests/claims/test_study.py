"""Studies: settings, what comes out, a file of one's own."""

import json
import pickle
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from dynsys_gd import InvalidInput, Outcome, UnknownParameter, claims
from dynsys_gd.claims import Number, Origin, Part, Role, Status, papers
from dynsys_gd.plots import figure

GUIDE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"


@pytest.fixture
def guide_file(tmp_path):
    """The worked example of the contributing guide, as a file."""
    text = GUIDE.read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, flags=re.M | re.S)
    path = tmp_path / "overshooting.py"
    path.write_text(code, encoding="utf-8")
    return path


class TestTheGuide:
    def test_its_file_is_a_study_that_reproduces(self, guide_file):
        study = claims.read_study(guide_file)
        found = claims.reproduce(study, rng=0)
        assert found.reproduced is Outcome.YES
        assert [trial.verdict.status for trial in found.trials] == [
            Status.VERIFIED,
            Status.SILENT,
        ]
        assert any(trial.fails_as_it_must for trial in found.trials)
        assert [number.found for number in found.numbers] == pytest.approx([1.1, 0.8])
        assert figure(found.figure).axes[0].get_xlabel() == "steps"
        assert "Polyak" in found.cite()
        json.dumps(found.to_dict())

    def test_put_into_the_folder_it_is_found(self, guide_file, monkeypatch):
        monkeypatch.setattr(papers, "__path__", [*papers.__path__, str(guide_file.parent)])
        assert "overshooting" in claims.study_names()
        assert "overshooting" in [study.name for study in claims.studies()]
        copy = pickle.loads(pickle.dumps(claims.get_study("overshooting")))
        assert copy.settings.steps == 50

    @pytest.mark.parametrize(
        "changes", [{"curvature": "4", "above": "3/4"}, {"steps": 9}, {"start": -2.0}]
    )
    def test_one_changed_constant_changes_everything_that_depends_on_it(self, guide_file, changes):
        study = claims.read_study(guide_file).at(**changes)
        assert claims.reproduce(study, rng=0).trials[0].as_expected is Outcome.YES

    def test_an_edit_in_one_place_is_enough(self, guide_file):
        text = guide_file.read_text(encoding="utf-8")
        guide_file.write_text(text.replace('above: str = "7/10"', 'above: str = "9/10"'))
        found = claims.reproduce(claims.read_study(guide_file), rng=0)
        assert found.reproduced is Outcome.YES
        assert found.numbers[0].found == pytest.approx(1.7)

    def test_a_wrong_expectation_is_noticed(self, guide_file):
        text = guide_file.read_text(encoding="utf-8")
        guide_file.write_text(text.replace("expected = abs(1 -", "expected = abs(2 -"))
        found = claims.reproduce(claims.read_study(guide_file), rng=0)
        assert found.reproduced is Outcome.NO
        assert "NOT REPRODUCED" in found.headline()
        assert any(label == "differs" for label, _ in found.rows())

    def test_a_control_that_does_not_fail_is_noticed(self, guide_file):
        text = guide_file.read_text(encoding="utf-8")
        guide_file.write_text(text.replace('below: str = "3/5"', 'below: str = "4/5"'))
        found = claims.reproduce(claims.read_study(guide_file), rng=0)
        assert found.trials[-1].role is Role.CONTROL
        assert found.trials[-1].as_expected is Outcome.NO
        assert found.reproduced is Outcome.NO


class TestSettings:
    def test_at_leaves_the_study_as_it_was(self):
        study = claims.get_study("step_size_matters")
        assert study.at(depths=(2,)).settings.depths == (2,)
        assert study.settings.depths == (2, 3, 4)

    def test_the_small_form_changes_only_what_it_names(self):
        study = claims.get_study("step_size_matters")
        small, whole = study.small().constants(), study.constants()
        assert {name for name in whole if small[name] != whole[name]} == set(study.quick)

    def test_unknown_settings_are_refused_with_the_known_ones(self):
        with pytest.raises(UnknownParameter, match="depths"):
            claims.get_study("step_size_matters").at(depth=2)

    def test_unknown_names_in_quick_are_refused(self):
        with pytest.raises(UnknownParameter, match="nothing"):
            replace(claims.get_study("step_size_matters"), quick={"nothing": 1})

    def test_settings_must_be_an_instance(self):
        study = claims.get_study("step_size_matters")
        for settings in ({"a": 1}, type(study.settings), None):
            with pytest.raises(InvalidInput, match="settings"):
                replace(study, settings=settings)

    def test_a_paper_needs_an_entry(self):
        with pytest.raises(InvalidInput, match="bibtex"):
            replace(claims.get_study("step_size_matters"), paper="nobody1900nothing")


class TestFiles:
    def test_what_is_no_file_is_refused(self, tmp_path):
        for path in (tmp_path / "none.py", tmp_path, GUIDE):
            with pytest.raises(InvalidInput, match="path"):
                claims.read_study(path)

    def test_a_file_without_a_study_is_refused(self, tmp_path):
        path = tmp_path / "empty.py"
        for text in ("", "STUDY = 3\n"):
            path.write_text(text)
            with pytest.raises(InvalidInput, match="STUDY"):
                claims.read_study(path)

    @pytest.mark.parametrize(
        "text", ["STUDY = (", "1 / 0", "import nothing_of_this_name", "raise SystemExit"]
    )
    def test_a_file_that_does_not_run_is_refused_with_the_reason(self, tmp_path, text):
        path = tmp_path / "broken.py"
        path.write_text(text)
        with pytest.raises(InvalidInput, match=r"a Python file that runs; \w+(Error|Exit): "):
            claims.read_study(path)

    def test_annotations_may_be_put_off(self, guide_file):
        text = guide_file.read_text(encoding="utf-8")
        first = "from __future__ import annotations\n"
        doc, rest = text.split("\n\n", 1) if text.startswith('"""') else ("", text)
        guide_file.write_text(f"{doc}\n\n{first}{rest.replace(first, '')}", encoding="utf-8")
        assert claims.read_study(guide_file).settings.steps == 50

    def test_the_name_must_be_that_of_the_file(self, guide_file):
        other = guide_file.with_name("other.py")
        shutil.copy(guide_file, other)
        with pytest.raises(InvalidInput, match="overshooting"):
            claims.read_study(other)

    def test_unknown_names_are_refused_with_the_known_ones(self):
        with pytest.raises(InvalidInput, match="step_size_matters"):
            claims.get_study("nothing")


@pytest.fixture(scope="module")
def found():
    return claims.reproduce(claims.get_study("step_size_matters").small(), rng=0)


class TestOutcome:
    def test_same_seed_same_data(self, found):
        again = claims.reproduce(claims.get_study("step_size_matters").small(), rng=0)
        assert json.dumps(again.to_dict()) == json.dumps(found.to_dict())

    def test_a_number_that_differs_spoils_a_trial(self, found):
        first = found.trials[0]
        wrong = Number.near("n", 1, 2, within=0.1, origin=Origin.PAPER)
        observation = replace(first.verdict.observation, numbers=(wrong,))
        verdict = replace(first.verdict, observation=observation)
        spoiled = replace(first, verdict=verdict)
        assert spoiled.as_expected is Outcome.NO
        assert replace(found, trials=(spoiled, *found.trials[1:])).reproduced is Outcome.NO

    def test_without_a_failing_control_nothing_is_reproduced(self, found):
        examples = tuple(trial for trial in found.trials if trial.role is Role.EXAMPLE)
        assert replace(found, trials=examples).reproduced is Outcome.NO

    def test_an_example_that_is_expected_to_contradict_must_do_so(self, found):
        assert replace(found.trials[0], role=Role.DISPUTED).as_expected is Outcome.NO

    def test_something_else_than_a_study_is_refused(self):
        for door in (claims.reproduce, claims.trials):
            with pytest.raises(InvalidInput, match="study"):
                door("step_size_matters")


def test_parts_come_in_their_order():
    parts = [study.part for study in claims.studies()]
    assert parts == sorted(parts, key=list(Part).index)
