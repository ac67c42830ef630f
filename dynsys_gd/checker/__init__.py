"""A small checker of certificates of measure that shares nothing with the search for them."""

from .check import check
from .checked import Checked

__all__ = ["Checked", "check"]
