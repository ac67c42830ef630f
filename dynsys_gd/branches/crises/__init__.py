"""Crises: where attractors merge, burst or are lost as a parameter changes."""
