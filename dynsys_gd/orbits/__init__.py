"""Exact invariant sets: fixed points, families, periodic orbits and their stability."""
