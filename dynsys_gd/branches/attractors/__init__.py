"""Attractors: the sets that orbits from a region end on, their shares, and what becomes of them."""
