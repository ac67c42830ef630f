"""The documents tell what is there: names, links, dependencies, defaults."""

import configparser
import inspect
import re
from pathlib import Path

import pytest

import dynsys_gd as dg
from dynsys_gd import plots
from dynsys_gd.claims import Claim

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
PARTS = {
    "Claims": dg.claims,
    "Catalogue": dg.catalog,
    "Data": dg.data,
    "Pictures": plots,
    "Starts": dg.starts,
    "Textbook maps": dg.textbook,
}


def listed(titles):
    """The rows of the tables under these headings: name and description."""
    blocks = re.split(r"^## ", API, flags=re.M)[1:]
    text = "\n".join(block for block in blocks if (block.splitlines()[0] in PARTS) is titles)
    return re.findall(r"^\| `(\w+)` \| (.+) \|$", text, flags=re.M)


def rows_of(part):
    block = API.split(f"\n## {part}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \| (.+) \|$", block, flags=re.M)


def first_sentence(thing):
    return " ".join(inspect.getdoc(thing).split("\n\n")[0].split()).replace("``", "`")


def test_api_lists_every_public_name_once_and_no_other():
    assert sorted(name for name, _ in listed(titles=False)) == sorted(dg.__all__)


@pytest.mark.parametrize("part", PARTS)
def test_api_lists_every_name_of_a_part(part):
    assert sorted(name for name, _ in rows_of(part)) == sorted(PARTS[part].__all__)


@pytest.mark.parametrize("part", [None, *PARTS])
def test_api_says_what_the_docstrings_say(part):
    module = dg if part is None else PARTS[part]
    for name, text in listed(titles=False) if part is None else rows_of(part):
        thing = getattr(module, name)
        if isinstance(thing, Claim):
            assert text == f"{thing.title}."
        elif inspect.isclass(thing) or inspect.isfunction(thing):
            assert text == first_sentence(thing), name


def anchors(page):
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert ROOT in there.parents, target
        if anchor:
            assert anchor in anchors(there), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_in_the_text_exist(page):
    for dotted in re.findall(r"\bdg\.(\w+(?:\.\w+)*)", page.read_text(encoding="utf-8")):
        thing = dg
        for name in dotted.split("."):
            assert hasattr(thing, name), f"dg.{dotted}"
            thing = getattr(thing, name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_in_the_text_exist(page):
    for path in re.findall(
        r"`((?:dynsys_gd|docs|tests|notebooks|benchmarks)/[\w./]*)`", page.read_text("utf-8")
    ):
        assert (ROOT / path).exists(), path


def test_every_dependency_has_its_reason():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    core = re.findall(r"^([\w-]+)", setup["options"]["install_requires"].strip(), flags=re.M)
    reasons = re.findall(r"^\| ([\w-]+) \| .+ \|$", text.split("Optional")[0], flags=re.M)
    assert sorted(core) == sorted(name for name in reasons if name != "package")
    for extra in setup["options.extras_require"]:
        assert f"`dynsys_gd[{extra}]`" in text, extra


def test_stated_defaults_are_the_defaults():
    assert f"MonteCarlo(n={dg.MonteCarlo().n:_}, level={dg.MonteCarlo().level})" in inspect.getdoc(
        dg.convergent_measure
    )
    text = " ".join(inspect.getdoc(dg.verify).split())
    said = re.search(r"``Budget\((?:steps=(\d+))?\)`` where none is given", text)
    budget = dg.Budget(steps=int(said[1])) if said[1] else dg.Budget()
    assert (
        dg.verify(
            dg.claims.non_singular_map, dg.claims.non_singular_map.examples()[0].F, rng=0, starts=1
        ).instance.budget
        == budget
    )
    assert inspect.signature(dg.verify).parameters["starts"].default == dg.claims.STARTS


def test_the_commands_of_the_readme_exist():
    from dynsys_gd.cli.main import main

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, rest in re.findall(r"dynsys-gd (\w+)([^`\n]*)", readme):
        options = {option for each in main.commands[name].params for option in each.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options
