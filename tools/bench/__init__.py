"""Speed and memory, measured on real servers; never part of the tests."""
