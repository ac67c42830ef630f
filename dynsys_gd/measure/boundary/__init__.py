"""The geometry of the boundary between what converges and what does not."""
