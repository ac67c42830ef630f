"""Expressions become code that runs on many states at once."""
