"""Measuring sets too small for independent draws."""
