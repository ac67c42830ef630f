"""What came out when a certificate was checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..evidence import Evidence, Grade
from ..results import Result

__all__ = ["Checked"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Checked(Result):
    """Whether a certificate was verified, with what was looked at.

    Parameters
    ----------
    accepted : bool
        Whether everything in it was verified. A refusal says that something was not, and nothing
        about the claim.
    claim : str
        What the certificate claims, in words.
    subject : str
        The map.
    verified : tuple of (str, int)
        What was verified: kinds of statements with how many there are. After a refusal those
        before it.
    refusal : str
        What was not verified and why; empty where all was.
    """

    accepted: bool
    claim: str
    subject: str
    verified: tuple[tuple[str, int], ...]
    refusal: str = ""

    @property
    def evidence(self) -> Evidence:  # type: ignore[override]
        """Ball arithmetic and exact algebra where it is accepted; else nothing is known."""
        if self.accepted:
            return Evidence(
                grade=Grade.CERTIFIED,
                reason="every lemma of the certificate was verified in ball arithmetic",
                sources=("johansson2017arb",),
            )
        return Evidence(grade=Grade.NUMERICAL, reason=f"not verified: {self.refusal}")

    def headline(self) -> str:
        """Return the claim where it is verified, else what is not."""
        if self.accepted:
            return f"Accepted: {self.claim}"
        return f"Refused: {self.refusal}"

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return the map and the numbers of verified statements."""
        counts = [(name, str(count)) for name, count in self.verified]
        claim = () if self.accepted else (("claim, not verified", self.claim),)
        return (("map", self.subject), *claim, *counts)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            **super().to_dict(),
            "accepted": self.accepted,
            "claim": self.claim,
            "map": self.subject,
            "verified": dict(self.verified),
            "refusal": self.refusal,
        }
