"""The house: public names, import cost, floors, types, style, and what the text may not say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dynsys_gd

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "dynsys_gd").rglob("*.py"))


def test_public_names_exist_once():
    assert len(set(dynsys_gd.__all__)) == len(dynsys_gd.__all__)
    for name in dynsys_gd.__all__:
        assert hasattr(dynsys_gd, name)


def test_every_public_object_has_a_docstring():
    bare = [
        name
        for name in dynsys_gd.__all__
        if not name.startswith("__") and not (getattr(dynsys_gd, name).__doc__ or "").strip()
    ]
    assert bare == []


def test_import_is_quick_and_loads_no_heavy_package():
    code = (
        "import time, sys; start = time.process_time(); import dynsys_gd;"
        "print(time.process_time() - start);"
        "print([m for m in ('matplotlib', 'jax', 'pandas', 'IPython') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    _, heavy = run.stdout.splitlines()
    assert heavy == "[]"


@pytest.mark.parametrize(
    "command",
    ["ruff check .", "ruff format --check .", "mypy", "lint-imports"],
)
def test_linters_are_content(command):
    tool, *arguments = command.split()
    run = subprocess.run(
        [Path(sys.executable).parent / tool, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr


# The list of public names is as long as there are public names.
ROOMS = [path for path in SOURCES if path != ROOT / "dynsys_gd" / "__init__.py"]


@pytest.mark.parametrize("path", ROOMS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_is_one_room(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_cited_keys_exist():
    entries = dynsys_gd.results.bibliography()
    pattern = re.compile(r"sources=\(([^)]*)\)")
    for path in SOURCES:
        for group in pattern.findall(path.read_text(encoding="utf-8")):
            for key in re.findall(r'"([a-z]+\d{4}[a-z]+)"', group):
                assert key in entries, f"{path.name} cites {key}"
