"""Orbits with a multiplier 1 or -1, to many digits: their equations, proofs and normal forms."""
