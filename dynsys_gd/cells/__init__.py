"""Cells: what a map does to the pieces of a region, as graphs and matrices."""
