"""Branches: what becomes of orbits and attractors as a parameter changes."""
