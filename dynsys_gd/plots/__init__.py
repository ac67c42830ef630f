"""The only room that knows matplotlib: `draw` gives every result its picture."""

from .canvas import save
from .dispatch import draw, figure

__all__ = ["draw", "figure", "save"]
