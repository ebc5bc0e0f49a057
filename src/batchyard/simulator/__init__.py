"""A world for the very same yard: virtual time, simulated hosts and attempts, faults, and checkers that watch it all.

What decides about jobs does not belong here: that is the yard's own code, which this room only surrounds.
"""
