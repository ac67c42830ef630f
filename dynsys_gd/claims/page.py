"""A page of documentation for each study, made from the study and a record of its run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..errors import InvalidInput
from ..results import plain
from .claim import Case, Claim
from .literature import reference
from .number import Origin
from .reproduction import Role
from .study import Part, Study
from .verdict import Status

__all__ = ["index_page", "record_of", "study_page"]

MADE = "<!-- Written by docs/studies/make.py from the study and its recorded run. -->"
_AGAIN = "run `dynsys-gd verify --study NAME` and docs/studies/make.py again"
_MARKUP = re.compile(r"[\\`*\[\]<|$~]|(?<!\w)_|_(?!\w)")

Record = Mapping[str, Any]


def record_of(reproduction: Record, *, caption: str, versions: Mapping[str, str]) -> dict[str, Any]:
    """Return what a page tells of a run: verdicts, findings and numbers, no statements.

    Parameters
    ----------
    reproduction : mapping
        ``Reproduction.to_dict()``.
    caption : str
        What the figure shows.
    versions : mapping of str to str
        The packages that the run was made with.

    Returns
    -------
    dict
    """
    return {
        "reproduced": reproduction["reproduced"],
        "disputed": reproduction["disputed"],
        "seed": reproduction["seed"],
        "versions": dict(versions),
        "figure": caption,
        "settings": reproduction["settings"],
        "trials": [_recorded_trial(trial) for trial in reproduction["trials"]],
    }


def _recorded_trial(trial: Record) -> dict[str, Any]:
    verdict = trial["verdict"]
    seen = verdict["observation"]
    return {
        "claim": verdict["claim"]["name"],
        "case": trial["case"],
        "role": trial["role"],
        "status": verdict["status"],
        "hypotheses": [_finding(h) | {"known": h["label"]} for h in verdict["hypotheses"]],
        "observed": _finding(seen) | {"outcome": seen["outcome"], "grade": seen["grade"]},
        "notes": verdict["notes"],
        "numbers": verdict["numbers"],
    }


def _finding(found: Record) -> dict[str, Any]:
    named = {"name": found["name"]} if "name" in found else {}
    return {**named, "detail": found["detail"] or found["reason"]}


def study_page(study: Study, recorded: Record) -> str:
    """Return the page of a study in Markdown.

    Parameters
    ----------
    study : Study
    recorded : mapping
        What `record_of` kept of its run.

    Returns
    -------
    str
        Statements, cases and settings as the study has them now, with what the run found.

    Raises
    ------
    InvalidInput
        Where the record is one of other settings, claims or cases.

    Examples
    --------
    >>> from dynsys_gd.claims import get_study, reproduce
    >>> study = get_study("step_size_matters").small()
    >>> found = reproduce(study, rng=0).to_dict()
    >>> record = record_of(found, caption="the figure", versions={"dynsys_gd": "0.1.0"})
    >>> print(study_page(study, record).splitlines()[2])
    # The step size decides which minima can be found
    """
    if recorded["settings"] != plain(study.constants()):
        raise InvalidInput("recorded", study.name, "a run with the settings of the study", _AGAIN)
    left = list(recorded["trials"])
    claims = [block for claim in study.made() for block in _claim(claim, left)]
    if left:
        raise InvalidInput("recorded", left[0]["case"], "a case of the study", _AGAIN)
    blocks = [
        MADE,
        f"# {_md(study.title)}",
        _linked(study.reference, study.arxiv),
        _md(study.summary),
        f"{outcome(recorded)} How to read the words: [all studies](README.md#how-to-read-a-page).",
        f"![{_md(recorded['figure'])}](images/{study.name}.png)",
        *claims,
    ]
    if study.discussion:
        blocks += ["## Differences from the paper", _md(study.discussion)]
    return "\n\n".join([*blocks, *_settings(study), *_repeat(study, recorded)]) + "\n"


def index_page(studies: Sequence[Study], records: Mapping[str, Record]) -> str:
    """Return the page that lists the studies, in Markdown.

    Parameters
    ----------
    studies : sequence of Study
    records : mapping of str to record
        By the names of the studies.

    Returns
    -------
    str
    """
    reproduced = sum(records[study.name]["reproduced"] == "yes" for study in studies)
    disputed = sum(records[study.name]["disputed"] for study in studies)
    contested = f", {disputed} of them with a contradiction" if disputed else ""
    blocks = [
        MADE,
        "# Studies",
        "A study is a paper that runs: its claims with their hypotheses, instances on which each "
        "is checked, controls on which it must be silent, numbers beside the ones that are "
        "expected, one figure: [papers that run](../reproducing.md). "
        f"{reproduced} of {len(studies)} are reproduced{contested}.",
        "```bash\ndynsys-gd verify --all            # all of them, and a page with the figures\n"
        "dynsys-gd verify --all --quick    # in their small form\n"
        f"dynsys-gd verify --study {studies[0].name}\n```",
    ]
    for part in Part:
        rows = [_row(study, records[study.name]) for study in studies if study.part is part]
        if rows:
            heads = ("study", "paper", "outcome", "numbers as expected")
            blocks += [f"## {part.title}", _table(heads, rows)]
    blocks += [
        "## How to read a page",
        "A verdict has two axes: whether every hypothesis holds on the instance, and whether the "
        "conclusion is seen there.",
        _table(("verdict", "meaning"), [(s.value, s.meaning) for s in Status]),
        _table(("case", "what is expected"), [(role.value, role.expectation) for role in Role]),
        _table(("origin of a number", "meaning"), [(o.value, o.meaning) for o in Origin]),
        "A hypothesis is PROVED by exact algebra, CERTIFIED by interval arithmetic, or holds in "
        "floating point or by sampling only.",
        "The pages are written by `docs/studies/make.py` from the studies and "
        "[results.json](results.json), which records full runs; tests compare them.",
    ]
    return "\n\n".join(blocks) + "\n"


def outcome(recorded: Record) -> str:
    """Return what came out of a run, in one line."""
    words = {"yes": "Reproduced", "no": "Not reproduced"}
    word = words.get(recorded["reproduced"], "Undecided")
    contested = ", with a contradiction" if recorded["disputed"] else ""
    return f"**{word}**{contested}; {_counted(recorded)} numbers as expected."


def _counted(recorded: Record) -> str:
    numbers = [number for trial in recorded["trials"] for number in trial["numbers"]]
    compared = [number for number in numbers if number["origin"] is not None]
    return f"{sum(n['agrees'] == 'yes' for n in compared)} of {len(compared)}"


def _row(study: Study, recorded: Record) -> tuple[str, ...]:
    link = f"[{_md(study.title)}]({study.name}.md)"
    paper = study.short_reference.removesuffix(f" (arXiv:{study.arxiv})")
    word = outcome(recorded).split(";")[0].replace("*", "")
    return (link, _linked(paper, study.arxiv), word, _counted(recorded))


def _claim(claim: Claim, left: list[Record]) -> Iterator[str]:
    """Yield the blocks of a claim, and take its trials out of those that are left."""
    spoken = [(case, "") for case in claim.examples()]
    silent = [(case, name) for name, case in claim.counterexamples().items()]
    silent += [(case, "") for case in claim.controls()]
    trials = [_trial_of(claim, case, left) for case, _ in (*spoken, *silent)]
    rows = [
        (_case(case, fails), *_came_out(trial))
        for (case, fails), trial in zip((*spoken, *silent), trials, strict=True)
    ]
    yield f"## {_md(claim.title)}"
    yield _md(claim.statement)
    lines = [f"- If *{_md(h.name)}*: {_md(h.statement)}," for h in claim.hypotheses]
    yield "\n".join([*lines, f"- then {_md(claim.conclusion)}."])
    entries = claim.entries()
    sources = " ".join(_md(reference(entries[key])) for key in claim.sources)
    yield f"Source: {sources} ({_md(claim.provenance)})"
    if claim.disputed:
        yield f"**Disputed.** {_md(claim.disputed)}"
    heads = ("case", "hypotheses", "conclusion, as observed", "verdict")
    yield _table(heads, rows[: len(spoken)])
    yield "Controls, on which the claim must be silent:"
    yield _table(heads, rows[len(spoken) :])
    notes = dict.fromkeys(note for trial in trials for note in trial["notes"])
    if notes:
        yield "\n".join(f"- {_md(note)}" for note in notes)
    yield from _numbers(trials)


def _trial_of(claim: Claim, case: Case, left: list[Record]) -> Record:
    if not left or (left[0]["claim"], left[0]["case"]) != (claim.name, case.title):
        raise InvalidInput("recorded", f"no run of {case.title}", "a run of each case", _AGAIN)
    names = [found["name"] for found in left[0]["hypotheses"]]
    if names != [hypothesis.name for hypothesis in claim.hypotheses]:
        raise InvalidInput("recorded", names, "the hypotheses of the claim", _AGAIN)
    return left.pop(0)


def _case(case: Case, fails: str) -> str:
    without = f" (without *{_md(fails)}*)" if fails else ""
    why = f": {_md(case.why)}" if case.why else ""
    return f"{_md(case.title)}{without}{why}"


def _came_out(trial: Record) -> tuple[str, str, str]:
    known = [
        f"{_md(found['name'])}: **{found['known']}**, {_md(found['detail'])}"
        for found in trial["hypotheses"]
    ]
    seen = trial["observed"]
    told = f"**{seen['outcome']}**, {seen['grade']}: {_md(seen['detail'])}"
    return "<br>".join(known), told, trial["status"]


def _numbers(trials: Iterable[Record]) -> Iterator[str]:
    """Yield a table of all numbers, with the case where a name alone does not tell it."""
    found = [(trial["case"], number) for trial in trials for number in trial["numbers"]]
    if not found:
        return
    yield "Numbers, beside what is expected of them:"
    names = [number["name"] for _, number in found]
    told = len(set(names)) < len(names)
    heads = ("number", *(["case"] if told else []), "expected", "origin", "found")
    rows = []
    for case, number in found:
        differs = " **differs**" if number["agrees"] == "no" else ""
        value = number["found"]
        shown = value if isinstance(value, str) else f"{value:.7g}"
        where = [_md(case)] if told else []
        expected = (_md(number["expected"]), number["origin"] or "")
        rows.append((_md(number["name"]), *where, *expected, f"{shown}{differs}"))
    yield _table(heads, rows)


def _settings(study: Study) -> Iterator[str]:
    yield "## Settings"
    rows = []
    for name, value in study.constants().items():
        small = f"`{_code(study.quick[name])}`" if name in study.quick else ""
        rows.append((f"`{name}`", f"`{_code(value)}`", small))
    yield _table(("name", "value", "in the small form"), rows)


def _repeat(study: Study, recorded: Record) -> Iterator[str]:
    seed = recorded["seed"]
    yield "## How to repeat it"
    yield (
        "```python\n>>> import dynsys_gd as dg\n"
        f'>>> study = dg.claims.get_study("{study.name}")\n'
        f">>> study.short_reference\n{study.short_reference!r}\n\n```"
    )
    lines = [
        f"dg.reproduce(study, rng={seed})  # this page",
        f"dg.reproduce(study.small(), rng={seed})  # in seconds",
    ]
    numbers = [item for item in study.constants().items() if type(item[1]) in (int, float)]
    for name, value in numbers[:1]:
        lines.append(f"dg.reproduce(study.at({name}={value!r}), rng={seed})  # or other settings")
    yield "\n".join(["```python", *lines, "```"])
    yield f"```bash\ndynsys-gd verify --study {study.name}\n```"
    made = ", ".join(f"{name} {version}" for name, version in recorded["versions"].items())
    yield (
        f"The study is one file: `dynsys_gd/claims/papers/{study.name}.py`. This page tells of a "
        f"run with {made}."
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _linked(text: str, arxiv: str) -> str:
    """Return the reference with its arXiv number as a link."""
    if not arxiv:
        return _md(text)
    link = f"[arXiv:{arxiv}](https://arxiv.org/abs/{arxiv})"
    before, number, after = text.partition(f"arXiv:{arxiv}")
    if number:
        return f"{_md(before)} {link}{_md(after)}"
    return f"{_md(text)}{'' if text.endswith('.') else ','} {link}"


def _md(text: str) -> str:
    """Return text in which Markdown sees no markup."""
    escaped = _MARKUP.sub(lambda found: "\\" + found[0], " ".join(text.split()))
    return escaped.replace("](", "]\\(")


def _code(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return " ".join(text.split()).replace("`", "'").replace("|", "\\|")
