"""Cascades of period doublings: their points, ratios and limits."""
