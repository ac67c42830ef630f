"""Fixed points and periodic orbits by exact algebra."""
