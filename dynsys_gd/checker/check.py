"""Checking a certificate of measure with nothing but ball arithmetic and exact algebra."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from functools import lru_cache
from typing import Any

import flint

from ..errors import InvalidInput, UnsafeExpression, WorkersLost
from .balls import BITS
from .checked import Checked
from .claims import check_claim, check_names, in_words
from .content import Content, Reason
from .lemmas import Lemmas
from .reading import read, read_file
from .table import Refused

__all__ = ["check"]

_CHUNK = 512  # cells, at least
_MOST_CHUNKS = 256


def check(
    certificate: str | os.PathLike[str] | Mapping[str, Any],
    *,
    progress: Callable[[int, int], Any] | None = None,
    executor: Executor | None = None,
) -> Checked:
    """Return whether a certificate of measure is verified.

    Everything is computed again: the images follow from the loss and the rule, every fixed set is
    shown to do what it is said to do, and the lemma of every cell is verified in ball arithmetic,
    on pieces of the cell where that is needed. What is not verified is refused.

    Parameters
    ----------
    certificate : path, or dict
        A file that ``Certificate.save`` wrote, or what ``json.load`` returns of it.
    progress : callable, optional
        Called as ``progress(done, total)`` with numbers of cells.
    executor : concurrent.futures.Executor, optional
        Who checks the cells; they do not depend on each other.

    Returns
    -------
    Checked

    Raises
    ------
    InvalidInput
        For what cannot be read as a certificate: no JSON, other keys or types than in the format,
        numbers that are not finite, formulas that are none, too large files.
    WorkersLost
        Where the executor broke.

    Notes
    -----
    The format and the lemmas with their proofs: docs/theory/certificates.md. Nothing is shared
    with the search that made the certificate. What is trusted is FLINT's ball arithmetic
    [johansson2017arb]_ and this package.

    Examples
    --------
    >>> check({"format": "something else"})
    Traceback (most recent call last):
    ...
    dynsys_gd.errors.InvalidInput: certificate: got ['format'], expected exactly the keys ...
    """
    able = callable(getattr(executor, "submit", None)) and not isinstance(executor, type)
    if executor is not None and not able:
        raise InvalidInput("executor", executor, "None, or a concurrent.futures.Executor")
    if progress is not None and not callable(progress):
        raise InvalidInput("progress", progress, "None, or a function to call")
    if isinstance(certificate, Mapping):
        content = read(dict(certificate))
    elif isinstance(certificate, (str, os.PathLike)):
        content = read_file(certificate)
    else:
        raise InvalidInput("certificate", certificate, "the path of a file, or a dict")
    verified: dict[str, int] = {}
    refusal = ""
    try:
        _check(content, verified, progress, executor)
    except Refused as error:
        refusal = str(error)
    except UnsafeExpression as error:
        raise InvalidInput("certificate", error.received, "formulas that can be read") from error
    return Checked(
        accepted=not refusal,
        claim=in_words(content),
        subject=_subject(content),
        verified=tuple(verified.items()),
        refusal=refusal,
    )


def _check(
    content: Content,
    verified: dict[str, int],
    progress: Callable[[int, int], Any] | None,
    executor: Executor | None,
) -> None:
    """Verify everything, cheapest first, and count what was verified."""
    with flint.ctx.workprec(BITS):
        lemmas = Lemmas(content)
        check_names(content, lemmas)
        for name, count in (
            ("cores", len(lemmas.cores)),
            ("forms", len(lemmas.forms)),
            ("blocks", len(lemmas.blocks)),
            ("escape regions", len(lemmas.escapes)),
        ):
            if count:
                verified[name] = count
        check_claim(content, lemmas)
    n = len(content.cells)
    size = max(_CHUNK, n // _MOST_CHUNKS)
    tasks = [(first, min(first + size, n)) for first in range(0, n, size)]
    for (_, done), refusal in zip(tasks, _answers(tasks, lemmas, executor), strict=True):
        if refusal:
            raise Refused(refusal)
        if progress is not None:
            progress(done, n)
    for why in Reason:
        count = int((content.cells.why == why).sum())
        if count:
            verified[f"cells by {why.name}"] = count


def _answers(
    tasks: list[tuple[int, int]], lemmas: Lemmas, executor: Executor | None
) -> Iterator[str]:
    if executor is None:
        for first, last in tasks:
            yield _first_refusal(lemmas, first, last)
        return
    text = json.dumps(lemmas.content.to_dict())
    futures: list[Future[str]] = []
    try:
        for first, last in tasks:
            futures.append(executor.submit(_chunk, text, first, last))
        for future in futures:
            yield future.result()
    except BrokenExecutor as error:
        raise WorkersLost(f"cells were not checked, a worker is gone: {error}") from error
    finally:
        for future in futures:
            future.cancel()


def _chunk(text: str, first: int, last: int) -> str:
    """Check some cells elsewhere; what all cells need is prepared once for each certificate."""
    with flint.ctx.workprec(BITS):
        lemmas = _prepared(text)
    return _first_refusal(lemmas, first, last)


@lru_cache(maxsize=2)
def _prepared(text: str) -> Lemmas:
    return Lemmas(read(json.loads(text)))


def _first_refusal(lemmas: Lemmas, first: int, last: int) -> str:
    with flint.ctx.workprec(BITS):
        try:
            for i in range(first, last):
                lemmas.check(i)
        except Refused as refusal:
            return str(refusal)
    return ""


def _subject(content: Content) -> str:
    given = content.map
    if given.loss is None:
        return f"{given.rule.value}, x -> ({', '.join(given.images)})"
    momentum = "" if given.momentum is None else f", momentum {given.momentum}"
    return f"{given.rule.value} on {given.loss} with step size {given.step_size}{momentum}"
