"""Writes the pages of the studies from reports of full runs; run it from the root.

    dynsys-gd verify --all --out report
    python docs/studies/make.py report

A report of some studies replaces what is recorded of these, and leaves the others as they are:

    dynsys-gd verify --study step_size_matters --out report
    python docs/studies/make.py report

Without a report the pages are written anew from what is recorded, as after a change of words.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from dynsys_gd.claims import Study, studies, study_names
from dynsys_gd.claims.page import index_page, record_of, study_page

HERE = Path(__file__).parent


def pages(found: tuple[Study, ...], records: dict[str, Any]) -> dict[str, str]:
    """Return the text of every page by its file name."""
    each = {f"{study.name}.md": study_page(study, records[study.name]) for study in found}
    return {"README.md": index_page(found, records), **each}


def records_of(verdicts: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of the ``verdicts.json`` of a report, by the names of the studies."""
    if "studies" not in verdicts:
        sys.exit("not a report of studies; make one with `dynsys-gd verify --all`")
    for entry in verdicts["studies"]:
        if entry["quick"] or entry["reproduction"] is None:
            sys.exit(f"{entry['name']} is in its small form, or failed; pages tell of full runs")
    return {
        entry["name"]: record_of(
            entry["reproduction"],
            caption=entry["figure"]["caption"],
            versions=verdicts["versions"],
        )
        for entry in verdicts["studies"]
    }


def write(report: Path | None) -> None:
    """Write pages, figures and results, and remove those of studies that are gone."""
    verdicts: dict[str, Any] = {"studies": []}
    if report is not None:
        verdicts = json.loads((report / "verdicts.json").read_text(encoding="utf-8"))
    results, images = HERE / "results.json", HERE / "images"
    records = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    records = {name: records[name] for name in records if name in study_names()}
    records |= records_of(verdicts)
    if other := set(records) ^ set(study_names()):
        sys.exit(f"in the package only, or in the report only: {', '.join(sorted(other))}")
    written = pages(studies(), records)
    images.mkdir(exist_ok=True)
    for name, text in written.items():
        (HERE / name).write_text(text, encoding="utf-8")
    for entry in verdicts["studies"] if report is not None else ():
        figure = report / "figures" / f"{entry['figure']['name']}.png"
        shutil.copyfile(figure, images / f"{entry['name']}.png")
    for old in (*HERE.glob("*.md"), *images.glob("*.png")):
        if f"{old.stem}.md" not in written:
            old.unlink()
    text = json.dumps(dict(sorted(records.items())), indent=1, ensure_ascii=False)
    results.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    write(Path(sys.argv[1]) if len(sys.argv) == 2 else None)
