"""A CSV file as inputs X and targets Y, with every doubt said."""

from __future__ import annotations

import csv
import difflib
import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table", "read_table"]

_MOST_CLASSES = 1000
_FEW_VALUES = 20


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Table:
    """Samples read from a file.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
    Y : ndarray, shape (n_samples, n_targets)
    feature_names, target_names : tuple of str
    notes : tuple of str
        What the reader decided and what is unusual about the data, one sentence each.
    source : str
        The file.
    """

    X: NDArray[np.float64]
    Y: NDArray[np.float64]
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    notes: tuple[str, ...]
    source: str

    def __repr__(self) -> str:
        head = f"{self.source}: {len(self.X)} samples"
        lines = [
            f"{head}, features {', '.join(self.feature_names)}; "
            f"targets {', '.join(self.target_names)}"
        ]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


def read_table(
    path: str | os.PathLike[str],
    *,
    target: str | Sequence[str],
    features: str | Sequence[str] | None = None,
) -> Table:
    """Read a CSV file with a header row.

    Parameters
    ----------
    path : str or path
        A local file, comma-separated, UTF-8.
    target : str or sequence of str
        The column or columns to fit. A text column becomes one 0/1 column for each of its values,
        in alphabetical order.
    features : str or sequence of str, optional
        The columns to fit it from; all others when left out.

    Returns
    -------
    Table

    Raises
    ------
    InvalidInput
        For a file that is missing or not such a table, unknown or repeated columns, fewer than two
        rows, missing or infinite values, and text among the features. Rows are counted from 1,
        without the header.

    Examples
    --------
    >>> from importlib import resources
    >>> with resources.as_file(resources.files("dynsys_gd.data") / "iris.csv") as path:
    ...     table = read_table(path, target="species")
    >>> table.X.shape, table.target_names
    ((150, 4), ('species=setosa', 'species=versicolor', 'species=virginica'))
    """
    file = _existing_file(path)
    header = _header(file)
    targets = _columns(target, "target", header)
    chosen = (
        [name for name in header if name not in targets]
        if features is None
        else _columns(features, "features", header)
    )
    if not chosen:
        raise InvalidInput("features", features, "at least one column besides the target")
    if shared := [name for name in chosen if name in targets]:
        raise InvalidInput(
            "features", ", ".join(shared), "columns that are not targets", "leave them out"
        )
    frame = _frame(file, [*chosen, *targets])
    _refuse_missing(frame, file)
    notes: list[str] = []
    parsed = {str(name): _numbers(frame[name], file, notes) for name in frame}
    X = np.column_stack(_all_numbers(frame, {name: parsed[name] for name in chosen}, file))
    columns, target_names = [], []
    for name in targets:
        values, names = _target(frame[name], parsed[name], file, notes)
        columns.append(values)
        target_names += names
    Y = np.concatenate(columns, axis=1)
    notes += _warnings_about(X, Y, chosen, target_names)
    X.setflags(write=False)
    Y.setflags(write=False)
    return Table(
        X=X,
        Y=Y,
        feature_names=tuple(chosen),
        target_names=tuple(target_names),
        notes=tuple(notes),
        source=str(path),
    )


def _existing_file(path: Any) -> Path:
    try:
        file = Path(path)
    except TypeError:
        raise InvalidInput("path", path, "the name of a CSV file") from None
    if not file.exists():
        near = [p.name for p in file.parent.glob("*.csv")] if file.parent.is_dir() else []
        close = difflib.get_close_matches(file.name, near, n=1)
        hint = f"did you mean {close[0]}?" if close else f"looked in {file.parent.resolve()}"
        raise InvalidInput("path", str(path), "a file that exists", hint)
    if not file.is_file():
        raise InvalidInput("path", str(path), "a file, not a folder")
    return file


def _header(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            names = next((row for row in csv.reader(stream) if row), [])
    except (UnicodeDecodeError, csv.Error):
        raise _not_a_table(file, "it is not UTF-8 text") from None
    except OSError as problem:
        raise InvalidInput("path", str(file), "a readable file", str(problem)) from None
    names = [name.strip() for name in names]
    if not any(names):
        raise _not_a_table(file, "it is empty")
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise _not_a_table(file, f"its columns are not separated by commas: {names[0][:60]!r}")
    if all(_is_number(name) for name in names):
        raise _not_a_table(file, "its first row holds numbers; add a row of column names")
    if "" in names or len(set(names)) != len(names):
        odd = next(name for name in names if name == "" or names.count(name) > 1)
        hint = "give every column a name of its own (a saved row index has none: drop it)"
        raise _not_a_table(file, f"the column name {odd!r} is empty or repeated; {hint}")
    return names


def _frame(file: Path, wanted: list[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # As text: Python, not pandas, turns it into numbers, each the nearest double.
            frame = pd.read_csv(
                file, dtype=str, index_col=False, skipinitialspace=True, encoding="utf-8-sig"
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeDecodeError, ValueError) as why:
        raise _not_a_table(file, " ".join(str(why).split())) from None
    frame.columns = [str(name).strip() for name in frame.columns]
    if len(frame) < 2:
        count = "no rows" if frame.empty else "one row"
        raise InvalidInput("path", f"{file.name} with {count}", "a table of at least two samples")
    return frame[wanted]


def _columns(names: Any, argument: str, known: list[str]) -> list[str]:
    if isinstance(names, str):
        chosen = [names]
    else:
        chosen = list(names) if isinstance(names, Iterable) else []
    if not chosen:
        raise InvalidInput(argument, names, "at least one column name")
    for name in chosen:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, n=1)
            shown = ", ".join(known[:30]) + (", …" if len(known) > 30 else "")
            raise InvalidInput(
                argument,
                name,
                f"one of the columns ({shown})",
                f"did you mean {close[0]!r}?" if close else "",
            )
    if len(set(chosen)) != len(chosen):
        raise InvalidInput(argument, names, "each column once")
    return chosen


def _refuse_missing(frame: pd.DataFrame, file: Path) -> None:
    missing = frame.isna()
    total = int(missing.to_numpy().sum())
    if total:
        counts = missing.sum()
        name = str(counts[counts > 0].index[0])
        row = int(np.argmax(missing[name].to_numpy())) + 1
        columns = ", ".join(f"{c} ({k})" for c, k in counts[counts > 0].items())
        raise InvalidInput(
            "path",
            f"{total} missing values in {file.name}, the first of {name} in row {row}",
            "a value in every row of the columns used",
            f"missing by column: {columns}; delete or fill in those rows, or name complete "
            "columns with features=[…]",
        )


def _numbers(column: pd.Series, file: Path, notes: list[str]) -> NDArray[np.float64] | None:
    """Return the column as finite numbers, or None where it holds text."""
    entries = column.to_numpy(dtype=object)
    try:
        values = entries.astype(np.float64)
    except ValueError:
        words = column.str.strip().str.lower()
        if not words.isin(["true", "false"]).all():
            return None
        notes.append(f"column {column.name} of true and false was read as 1 and 0")
        return np.asarray(words == "true", dtype=np.float64)
    finite = np.isfinite(values)
    if not finite.all():
        row = int(np.argmin(finite))
        raise InvalidInput(
            "path",
            f"{entries[row]} in row {row + 1} of column {column.name} in {file.name}",
            "finite numbers",
            "correct or delete that row",
        )
    return values


def _all_numbers(
    frame: pd.DataFrame, parsed: dict[str, NDArray[np.float64] | None], file: Path
) -> list[NDArray[np.float64]]:
    text = [name for name, values in parsed.items() if values is None]
    if not text:
        return [values for values in parsed.values() if values is not None]
    row, entry = _first_text(frame[text[0]])
    good = [name for name in parsed if name not in text]
    remedy = f"write features={good}" if good else "turn the text into numbers first"
    raise InvalidInput(
        "features",
        f"text {entry[:30]!r} in row {row} of column {text[0]} in {file.name}",
        "columns of numbers",
        f"text occurs in {', '.join(text)}; {remedy}",
    )


def _target(
    column: pd.Series, values: NDArray[np.float64] | None, file: Path, notes: list[str]
) -> tuple[NDArray[np.float64], list[str]]:
    name = str(column.name)
    if values is not None:
        distinct = np.unique(values)
        whole = bool(np.all(distinct == np.round(distinct)))
        if whole and 2 < len(distinct) <= _FEW_VALUES:
            notes.append(
                f"target {name} holds {len(distinct)} whole numbers and is fitted as a number; "
                "if they are labels, write them as text to get one column for each"
            )
        return values[:, None], [name]
    labels, place = np.unique(column.str.strip().to_numpy(dtype=str), return_inverse=True)
    counts = np.bincount(place.ravel())
    numbers = sum(int(k) for k, label in zip(counts, labels, strict=True) if _is_number(label))
    if 2 * numbers >= len(column):
        row, entry = _first_text(column)
        raise InvalidInput(
            "target",
            f"{entry[:30]!r} in row {row} of {name} in {file.name}, among numbers",
            "a column of numbers or a column of class names",
            "correct or delete that row",
        )
    if len(labels) > _MOST_CLASSES:
        raise InvalidInput(
            "target",
            f"{len(labels)} different texts in {name} of {file.name}",
            f"at most {_MOST_CLASSES} classes",
            "choose a column of numbers or of class names",
        )
    notes.append(f"text target {name} became {len(labels)} columns of 0 and 1, one for each class")
    return np.eye(len(labels))[place.ravel()], [f"{name}={label}" for label in labels]


def _warnings_about(
    X: NDArray[np.float64], Y: NDArray[np.float64], features: list[str], targets: list[str]
) -> list[str]:
    notes = []
    for kind, matrix, names in (("feature", X, features), ("target", Y, targets)):
        still = matrix.max(axis=0) == matrix.min(axis=0)
        for name, value in zip(np.asarray(names)[still], matrix[0, still], strict=True):
            notes.append(f"{kind} {name} is constant ({value:g})")
    size = np.abs(X).max(axis=0)
    scaled = X / np.where(size > 0, size, 1.0)
    factor = np.asarray(np.linalg.qr(scaled, mode="r"))
    rank = int(np.linalg.matrix_rank(factor))
    if rank < X.shape[1]:
        notes.append(
            f"the features are linearly dependent (rank {rank} of {X.shape[1]}): "
            "their second moment is singular"
        )
    return notes


def _first_text(column: pd.Series) -> tuple[int, str]:
    return next((row, entry) for row, entry in enumerate(column, 1) if not _is_number(entry))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _not_a_table(file: Path, why: str) -> InvalidInput:
    return InvalidInput(
        "path", str(file), "a comma-separated table with one row of column names", why
    )
