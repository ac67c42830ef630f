"""The pages of the studies are what the studies and their recorded run make of them."""

import importlib.util
import json
import re
from functools import cache
from pathlib import Path

import pytest

from dynsys_gd import claims
from dynsys_gd.claims.page import index_page, study_page

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "studies"
AGAIN = "run `dynsys-gd verify --study NAME --out report` and `python docs/studies/make.py report`"


@cache
def results():
    return json.loads((FOLDER / "results.json").read_text(encoding="utf-8"))


def make():
    spec = importlib.util.spec_from_file_location("make_studies", FOLDER / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_study_has_a_page_and_no_page_is_left_over():
    names = set(claims.study_names())
    assert set(results()) == names, AGAIN
    assert {path.stem for path in FOLDER.glob("*.md")} == names | {"README"}, AGAIN
    assert {path.stem for path in (FOLDER / "images").glob("*")} == names, AGAIN


@pytest.mark.parametrize("name", claims.study_names())
def test_a_page_is_what_the_study_and_its_run_make_of_it(name):
    written = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert written == study_page(claims.get_study(name), results()[name]), AGAIN


def test_the_index_is_what_the_studies_make_of_it():
    written = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert written == index_page(claims.studies(), results()), AGAIN


@pytest.mark.parametrize("name", claims.study_names())
def test_the_recorded_run_reproduced_the_paper(name):
    record = results()[name]
    assert record["reproduced"] == "yes"
    expected = {"example": {"verified", "supported"}, "disputed": {"contradiction"}}
    for trial in record["trials"]:
        assert trial["status"] in expected.get(trial["role"], {"silent"})
        assert all(number["agrees"] != "no" for number in trial["numbers"])
    assert record["disputed"] == any(t["status"] == "contradiction" for t in record["trials"])


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """The folder of a report of one study, as verify writes it, and its data."""
    from dynsys_gd.cli.folder import ReportFolder
    from dynsys_gd.cli.gallery import Gallery
    from dynsys_gd.cli.study_job import StudyJob
    from dynsys_gd.cli.study_run import run_study

    job = StudyJob(name="step_size_matters")
    folder = ReportFolder(tmp_path_factory.mktemp("report"))
    folder.prepare()
    gallery = Gallery(folder=folder, jobs=[job], seed=0, command="")
    gallery.add(run_study(StudyJob(name=job.name, quick=True), 0))
    return folder.path, json.loads(gallery.data())


class TestMaking:
    def test_only_full_runs_of_studies_are_taken(self, there):
        (_, verdicts), script = there, make()
        with pytest.raises(SystemExit, match="small form"):
            script.records_of(verdicts)
        with pytest.raises(SystemExit, match="not a report of studies"):
            script.records_of({"complete": True, "verdicts": []})
        (entry,) = verdicts["studies"]
        failed = {**entry, "quick": False, "reproduction": None}
        with pytest.raises(SystemExit, match="or failed"):
            script.records_of({**verdicts, "studies": [failed]})

    def test_pages_figures_and_results_are_written_and_old_ones_removed(
        self, there, tmp_path, monkeypatch
    ):
        (report, verdicts), script = there, make()
        small = claims.get_study("step_size_matters").small()
        monkeypatch.setattr(script, "studies", lambda: (small,))
        monkeypatch.setattr(script, "study_names", lambda: (small.name,))
        monkeypatch.setattr(script, "HERE", tmp_path / "docs")
        (entry,) = verdicts["studies"]
        whole = {**verdicts, "studies": [{**entry, "quick": False}]}
        (report / "verdicts.json").write_text(json.dumps(whole), encoding="utf-8")
        (tmp_path / "docs" / "images").mkdir(parents=True)
        for old in ("docs/gone.md", "docs/images/gone.png", "docs/make.py"):
            (tmp_path / old).write_text("old")
        (tmp_path / "docs" / "results.json").write_text('{"gone": {}}', encoding="utf-8")
        script.write(report)
        files = {p.relative_to(tmp_path / "docs").as_posix() for p in tmp_path.rglob("docs/**/*.*")}
        assert files == {
            "README.md",
            "step_size_matters.md",
            "images/step_size_matters.png",
            "results.json",
            "make.py",
        }
        kept = json.loads((tmp_path / "docs" / "results.json").read_text(encoding="utf-8"))
        assert set(kept) == {small.name}
        assert kept[small.name]["versions"] == verdicts["versions"]
        page = (tmp_path / "docs" / "step_size_matters.md").read_text(encoding="utf-8")
        assert page == study_page(small, kept[small.name])
        assert not re.search(r"second|elapsed", " ".join(_keys(kept)))
        (tmp_path / "docs" / "README.md").write_text("old")
        script.write(None)
        assert "# Studies" in (tmp_path / "docs" / "README.md").read_text(encoding="utf-8")

    def test_a_study_without_a_run_is_named(self, there, tmp_path, monkeypatch):
        (report, verdicts), script = there, make()
        (entry,) = verdicts["studies"]
        whole = {**verdicts, "studies": [{**entry, "quick": False}]}
        (report / "verdicts.json").write_text(json.dumps(whole), encoding="utf-8")
        monkeypatch.setattr(script, "study_names", lambda: (entry["name"], "another"))
        monkeypatch.setattr(script, "HERE", tmp_path)
        with pytest.raises(SystemExit, match="another"):
            script.write(report)
        assert not list(tmp_path.iterdir())


def _keys(data):
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _keys(value)
    elif isinstance(data, list):
        for item in data:
            yield from _keys(item)
