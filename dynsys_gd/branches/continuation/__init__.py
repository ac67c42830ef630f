"""Following orbits along a parameter, and what they go through."""
