"""Branches proved segment by segment, and special points proved one by one."""
