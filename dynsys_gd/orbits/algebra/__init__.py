"""Exact algebra: ideals, number fields, real roots, spectra; it knows nothing of maps."""
