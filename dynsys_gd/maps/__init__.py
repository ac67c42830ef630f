"""Discrete dynamical systems: gradient descent, its relatives, and any symbolic map."""
