"""Data to study: Fisher's iris measurements, and tables read from CSV files."""

from .fisher import iris
from .table import Table, read_table

__all__ = ["Table", "iris", "read_table"]
