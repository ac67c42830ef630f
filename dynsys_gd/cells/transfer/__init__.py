"""The transfer operator on cells: invariant densities, escape rates, almost-invariant sets."""
