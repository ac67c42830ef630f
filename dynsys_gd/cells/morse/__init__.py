"""Morse graphs: what recurs, in which order, and how it is known."""
