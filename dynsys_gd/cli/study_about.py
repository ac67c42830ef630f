"""What a page tells of a study besides what came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..claims import Study

__all__ = ["About"]


@dataclass(frozen=True, kw_only=True)
class About:
    """The words of a study, as plain data that travels between processes.

    Parameters
    ----------
    title, summary, discussion : str
    part, part_title : str
    reference : str
        The paper in one line.
    short_reference : str
        Family names and year.
    arxiv : str
        Its arXiv number, empty where it has none.
    settings : tuple of (name, value, written)
        The value in this run, and the one that is written in the study.
    """

    title: str
    summary: str
    discussion: str
    part: str
    part_title: str
    reference: str
    short_reference: str
    arxiv: str
    settings: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, study: Study, original: Study) -> About:
        """Return the words of a study; `original` has the settings as they are written."""
        written = original.constants()
        return cls(
            title=study.title,
            summary=study.summary,
            discussion=study.discussion,
            part=study.part.value,
            part_title=study.part.title,
            reference=study.reference,
            short_reference=study.short_reference.removesuffix(f" (arXiv:{study.arxiv})"),
            arxiv=study.arxiv,
            settings=tuple(
                (name, _text(value), _text(written[name]))
                for name, value in study.constants().items()
            ),
        )


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)
