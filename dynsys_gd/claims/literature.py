"""Literature for readers: one line for each BibTeX entry."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["reference", "short_reference"]

_ACCENTS = {
    "'": "\N{COMBINING ACUTE ACCENT}",
    "`": "\N{COMBINING GRAVE ACCENT}",
    '"': "\N{COMBINING DIAERESIS}",
    "^": "\N{COMBINING CIRCUMFLEX ACCENT}",
    "~": "\N{COMBINING TILDE}",
    "u": "\N{COMBINING BREVE}",
    "c": "\N{COMBINING CEDILLA}",
    "v": "\N{COMBINING CARON}",
}
_FIELD = re.compile(r"^\s*(\w+)\s*=\s*\{(.*?)\},?\s*$", re.MULTILINE | re.DOTALL)
_ACCENT = re.compile(r"\\(['`\"^~]|[ucv](?=[{\s]))\s*\{?(\\?\w)\}?")


def reference(entry: str) -> str:
    """Return authors, title, place and year of one BibTeX entry.

    Examples
    --------
    >>> reference("@article{k,\\n author = {Poincar{\\\\'e}, Henri and Ra, B.},\\n"
    ...           " title = {On {GD}},\\n journal = {J.},\\n year = {1890}\\n}")
    'Poincaré, Henri and Ra, B.: On GD. J., 1890.'
    """
    fields = _fields(entry)
    place = [fields.get(name, "") for name in ("journal", "booktitle", "publisher")]
    volume = ": ".join(fields[name] for name in ("volume", "pages") if name in fields)
    where = ", ".join(part for part in (*place, volume, fields.get("year", "")) if part)
    return f"{fields.get('author', '')}: {fields.get('title', '')}. {where}."


def short_reference(entry: str) -> str:
    """Return family names and year, as in a sentence: ``Crăciun and Ghoshdastidar 2024``."""
    fields = _fields(entry)
    names = [name.split(",")[0] for name in fields.get("author", "").split(" and ")]
    who = f"{names[0]} and others" if len(names) > 2 else " and ".join(names)
    arxiv = re.search(r"arXiv:\S+", fields.get("journal", ""))
    where = f" ({arxiv[0]})" if arxiv else ""
    return f"{who} {fields.get('year', '')}{where}"


def _fields(entry: str) -> dict[str, str]:
    return {name.lower(): _plain(text) for name, text in _FIELD.findall(entry)}


def _plain(text: str) -> str:
    def accented(match: re.Match[str]) -> str:
        return match[2].lstrip("\\") + _ACCENTS[match[1]]

    marked = unicodedata.normalize("NFC", _ACCENT.sub(accented, text))
    return " ".join(re.sub(r"[{}\\]", "", marked).replace("--", "–").split())
