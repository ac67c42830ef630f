"""Data to study: iris measurements, handwritten digits, and tables read from CSV files."""

from .fisher import iris
from .handwritten import digits
from .table import Table, read_table

__all__ = ["Table", "digits", "iris", "read_table"]
