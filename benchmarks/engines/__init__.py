"""Who computes: one file for each way to iterate a map."""

from .base import Engine, Outcome, Runner, Unsuited
from .every import every_engine

__all__ = ["Engine", "Outcome", "Runner", "Unsuited", "every_engine"]
