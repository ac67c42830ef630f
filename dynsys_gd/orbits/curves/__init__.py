"""Invariant curves of saddles, and the immediate basin of a sink."""
