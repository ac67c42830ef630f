"""What happens where a fixed point or a periodic orbit changes its stability."""
