"""Fixed points and periodic orbits by branch and bound in interval arithmetic."""
