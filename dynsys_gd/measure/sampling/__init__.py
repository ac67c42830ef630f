"""Measuring by drawn starts, each simulated and audited."""
