"""Exponents: how fast neighbouring orbits part, and what orbits do on average."""
