"""Machine code for many trajectories at once: straight-line code on SIMD lanes, through LLVM."""
