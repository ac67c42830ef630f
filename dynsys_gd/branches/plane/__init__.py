"""Curves of bifurcations in the plane of two parameters."""
