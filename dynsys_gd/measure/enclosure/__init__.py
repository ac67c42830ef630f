"""Measures between proved bounds: cells of the region that surely converge, or surely do not."""
