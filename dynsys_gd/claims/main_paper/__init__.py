"""The statements on gradient descent with large step sizes [craciun2024convergence]_.

The hypotheses and conclusions are worded here as they can be proved and checked; the key names the
paper that makes the statement.
"""
