"""Where orbits end for many values of a parameter: diagrams, planes of periods, cobwebs."""
