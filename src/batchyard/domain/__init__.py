"""What a yard is made of, as values and pure functions: no clock, no I/O, no randomness, no SQL."""
