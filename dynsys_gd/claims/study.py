"""A paper as something that runs: its constants, its claims, its controls, its figure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from typing import Any

from ..errors import InvalidInput
from ..results import Result, bibliography
from ..values import unknown_name
from .claim import Claim
from .literature import reference, short_reference
from .verdict import Verdict

__all__ = ["Part", "Study"]


class Part(Enum):
    """To which part of the gallery a study belongs.

    Examples
    --------
    >>> Part.MAIN.title
    'The main paper and its sequel'
    """

    MAIN = "main"
    RELATED = "related"
    FRONTIER = "frontier"
    OWN = "own"

    @property
    def title(self) -> str:
        """A heading."""
        return _TITLES[self]

    def __str__(self) -> str:
        return self.value


_TITLES = {
    Part.MAIN: "The main paper and its sequel",
    Part.RELATED: "Nine related papers",
    Part.FRONTIER: "The frontier",
    Part.OWN: "Your own",
}
_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})|eprint\s*=\s*\{(\d{4}\.\d{4,5})\}")


@dataclass(frozen=True, kw_only=True, repr=False)
class Study:
    """What a paper claims, as a small reproduction: claims made from constants, and a figure.

    Parameters
    ----------
    name : str
        The name of its file.
    title : str
        What the paper says, in a few words.
    paper : str
        Key into ``references.bib``.
    summary : str
        A few sentences: what the paper claims, and how it is looked at here.
    settings : dataclass
        Every constant of the study: step sizes, widths, seeds, tolerances. A frozen dataclass.
    quick : mapping of str to value
        Settings that are replaced in the small form, which runs in seconds.
    claims : callable
        Settings -> tuple of Claim. Each claim brings examples, a counterexample for each
        hypothesis and perhaps further controls, all made from the settings.
    figure : callable
        Sequence of Verdict -> Result with a picture: the verdicts of all cases, in their order.
    part : Part
    discussion : str
        What a reader should know of differences from the paper, in neutral words; may be empty.
    bibtex : str
        The entry of `paper` where it is not in ``references.bib``, as in a file of your own.

    Examples
    --------
    >>> from dynsys_gd.claims import get_study
    >>> study = get_study("step_size_matters")
    >>> study.short_reference
    'Nar and Sastry 2018 (arXiv:1805.08890)'
    >>> study.at(wells_starts=100).settings.wells_starts
    100
    """

    name: str
    title: str
    paper: str
    summary: str
    settings: Any
    claims: Callable[[Any], tuple[Claim, ...]]
    figure: Callable[[Sequence[Verdict]], Result]
    quick: Mapping[str, Any] = field(default_factory=dict)
    part: Part = Part.OWN
    discussion: str = ""
    bibtex: str = ""

    def __post_init__(self) -> None:
        if not is_dataclass(self.settings) or isinstance(self.settings, type):
            raise InvalidInput(
                "settings",
                self.settings,
                "an instance of a frozen dataclass, one field for each constant",
            )
        self._refuse_unknown(self.quick)
        if not self.bibtex and self.paper not in bibliography():
            remedy = "add the entry there, or give it as bibtex="
            raise InvalidInput("paper", self.paper, "a key of references.bib", remedy)

    @property
    def entry(self) -> str:
        """The BibTeX entry of the paper."""
        return self.bibtex or bibliography()[self.paper]

    @property
    def arxiv(self) -> str:
        """The arXiv number of the paper, empty where it has none."""
        found = _ARXIV.search(self.entry)
        return "" if found is None else found[1] or found[2]

    @property
    def reference(self) -> str:
        """Authors, title, place and year in one line."""
        return reference(self.entry)

    @property
    def short_reference(self) -> str:
        """Family names, year and arXiv number."""
        short = short_reference(self.entry)
        return f"{short} (arXiv:{self.arxiv})" if self.arxiv and "arXiv" not in short else short

    def at(self, **changes: Any) -> Study:
        """Return the study with some of its settings changed.

        Parameters
        ----------
        **changes
            New values of fields of `settings`.

        Returns
        -------
        Study

        Raises
        ------
        UnknownParameter
            For a name that is no field of the settings.
        """
        self._refuse_unknown(changes)
        return replace(self, settings=replace(self.settings, **changes))

    def small(self) -> Study:
        """Return the study in its small form, which runs in seconds."""
        return self.at(**self.quick)

    def made(self) -> tuple[Claim, ...]:
        """Return the claims, each of which knows that it belongs to this study."""
        return tuple(replace(claim, study=self) for claim in self.claims(self.settings))

    def constants(self) -> dict[str, Any]:
        """Return the settings by name."""
        return {one.name: getattr(self.settings, one.name) for one in fields(self.settings)}

    def __reduce__(self) -> str | tuple[Any, ...]:
        # A study of the package travels by its name: its claims are made by local functions.
        from . import gallery

        if self.name in gallery.study_names():
            return (_restored, (self.name, self.settings))
        return super().__reduce__()

    def _refuse_unknown(self, names: Mapping[str, Any]) -> None:
        known = [one.name for one in fields(self.settings)]
        for name in names:
            if name not in known:
                raise unknown_name(name, known)

    def __repr__(self) -> str:
        lines = [f"Study {self.name}: {self.title}", f"  {self.short_reference}"]
        lines += [f"  claim: {claim.title}" for claim in self.made()]
        return "\n".join(lines)


def _restored(name: str, settings: Any) -> Study:
    from . import gallery

    return replace(gallery.get_study(name), settings=settings)
