"""Measures known from a closed form."""
