"""How fast the engine is, side by side with what else one could use: ``python -m benchmarks``."""
