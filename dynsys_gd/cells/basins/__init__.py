"""Basins from the graph of cells: where every orbit must go, and where it may."""
