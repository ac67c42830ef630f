"""Losses: symbolic, linear networks, multilayer perceptrons, any JAX function."""
