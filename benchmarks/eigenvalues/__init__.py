"""How long the largest Hessian eigenvalues take: the package, ARPACK, JAX, whole Hessians."""

from .rows import eigenvalue_rows

__all__ = ["eigenvalue_rows"]
