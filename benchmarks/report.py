"""One table: workloads down, engines across, speeds as ratios to the first engine present."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from .further import Further
from .timing import Measurement, Row
from .workloads import Target

__all__ = ["as_json", "as_markdown", "table", "write"]

_OWN = "dynsys_gd"


def base_of(row: Row) -> Measurement:
    """Return the measurement the others are divided by: that of the first engine that ran."""
    return next(m for m in row.measurements if m.speeds)


def table(rows: Sequence[Row], further: Sequence[Further]) -> Table:
    """Return the results as a table for the terminal."""
    if not rows:
        return _alone(further)
    names = [m.engine for m in rows[0].measurements]
    shown = Table(title=_title(rows), caption=_caption(rows), caption_justify="left")
    shown.add_column("workload")
    shown.add_column(f"{names[0]}\nMmaps/s", justify="right")
    for name in names[1:]:
        shown.add_column(name, justify="right")
    shown.add_column("targets")
    for row in rows:
        shown.add_row(row.workload.title, *_cells(row), "\n".join(_verdicts(row)))
    if further:
        shown.add_section()
    for entry in further:
        blank = [""] * (len(names) - 2)
        shown.add_row(entry.title, "", _amount(entry), *blank, _words(entry))
    return shown


def _alone(further: Sequence[Further]) -> Table:
    """Return the table where no workload was run."""
    shown = Table(caption=_machine(), caption_justify="left")
    shown.add_column("what")
    shown.add_column("value", justify="right")
    shown.add_column("target, remark")
    for entry in further:
        shown.add_row(entry.title, _amount(entry), _words(entry))
    return shown


def as_markdown(rows: Sequence[Row], further: Sequence[Further]) -> str:
    """Return the results as a page."""
    lines = _workload_lines(rows) if rows else ["# Benchmarks", ""]
    for entry in further:
        remark = f" ({entry.remark})" if entry.remark else ""
        lines.append(f"* {entry.title}: {_amount(entry)}{remark} {_further_verdict(entry)}")
    return "\n".join([*lines, "", _caption(rows), ""])


def _workload_lines(rows: Sequence[Row]) -> list[str]:
    names = [m.engine for m in rows[0].measurements]
    heads = ["workload", f"{names[0]}, Mmaps/s", *names[1:], "targets", "labels+counts that differ"]
    lines = [f"# {_title(rows)}", "", "| " + " | ".join(heads) + " |"]
    lines.append("|---|" + "---:|" * len(names) + "---|---|")
    for row in rows:
        cells = [row.workload.title, *_cells(row), "; ".join(_verdicts(row)), _differences(row)]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*lines, ""]


def as_json(rows: Sequence[Row], further: Sequence[Further]) -> dict[str, Any]:
    """Return the results as plain data."""
    return {
        "machine": _machine(),
        "workloads": [_row_data(row) for row in rows],
        "further": [
            {
                "title": e.title,
                "value": None if math.isnan(e.value) else e.value,
                "unit": e.unit,
                "target": e.target,
                "met": e.met,
                "remark": e.remark,
            }
            for e in further
        ],
    }


def write(path: Path, rows: Sequence[Row], further: Sequence[Further]) -> None:
    """Write the results as JSON, or as a page where the name does not end in .json."""
    if path.suffix == ".json":
        text = json.dumps(as_json(rows, further), indent=1, ensure_ascii=False)
    else:
        text = as_markdown(rows, further)
    path.write_text(text, encoding="utf-8")


def _row_data(row: Row) -> dict[str, Any]:
    base = base_of(row)
    engines = {
        m.engine: {"absent": m.absent}
        if m.absent
        else {
            "ratio": m.ratio(base),
            "maps_per_second": m.speed,
            "starts": m.n,
            "differences": str(m.agreement),
            "agrees": m.agreement.holds if m.agreement else None,
        }
        for m in row.measurements
    }
    targets = [
        {"against": target.engine, "at_least": target.ratio, "ratio": ratio}
        for target, ratio in _against(row)
    ]
    return {"name": row.workload.name, "engines": engines, "targets": targets}


def _cells(row: Row) -> Iterator[str]:
    base = base_of(row)
    for k, m in enumerate(row.measurements):
        if not m.speeds:
            yield "–"
            continue
        mark = "" if m.agreement is None or m.agreement.holds else " ≠"
        value = m.ratio(base)
        text = (
            f"{value:.2f}" if value >= 0.1 else f"{value:.3f}" if value >= 0.01 else f"{value:.4f}"
        )
        yield f"{m.speed / 1e6:.4g}{mark}" if k == 0 else text + mark


def _against(row: Row) -> Iterator[tuple[Target, float]]:
    own = row.of(_OWN)
    for target in row.workload.targets:
        other = row.of(target.engine)
        if own is not None and other is not None:
            yield target, own.ratio(other)


def _verdicts(row: Row) -> Iterator[str]:
    for target, ratio in _against(row):
        met = "met" if ratio >= target.ratio else "NOT met"
        yield f"{target.engine} ×{target.ratio:g}: {ratio:.3g} {met}"


def _differences(row: Row) -> str:
    return "; ".join(f"{m.engine} {m.agreement}" for m in row.measurements if m.agreement)


def _words(entry: Further) -> str:
    return "\n".join(filter(None, [_further_verdict(entry), entry.remark]))


def _amount(entry: Further) -> str:
    if math.isnan(entry.value):
        return "–"
    return f"{entry.value:.3g} {entry.unit}"


def _further_verdict(entry: Further) -> str:
    if entry.met is None:
        return ""
    sign = "≤" if entry.at_most else "≥"
    return f"{sign} {entry.target:g} {entry.unit}: {'met' if entry.met else 'NOT met'}"


def _title(rows: Sequence[Row]) -> str:
    return f"Maps per second of processor time, as ratios to {base_of(rows[0]).engine}"


def _caption(rows: Sequence[Row]) -> str:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        for m in row.measurements:
            if m.absent:
                reasons.setdefault(f"{m.engine}: {m.absent}", []).append(row.workload.name)
    lines = [f"Absent – {reason} ({len(names)} rows)" for reason, names in reasons.items()]
    wrong = [
        f"≠ {m.engine} on {row.workload.name}: {m.agreement} differ"
        for row in rows
        for m in row.measurements
        if m.agreement is not None and not m.agreement.holds
    ]
    return "\n".join([_machine(), *lines, *wrong])


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {platform.system()}, Python {platform.python_version()}"
