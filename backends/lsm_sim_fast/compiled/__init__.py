"""What Numba compiles: the two kernels and what they are made of. Read `push` first."""
