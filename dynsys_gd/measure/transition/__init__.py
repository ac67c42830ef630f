"""How the convergent measure changes with a parameter, and where it vanishes."""
