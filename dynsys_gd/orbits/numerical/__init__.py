"""Numerical searches for orbits: floating point, any smooth map, never known to be complete."""
