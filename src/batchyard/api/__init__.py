"""AWS's words: the shapes and operations of the APIs we answer, and the wire form of errors. Imports only msgspec.

`batch.py`, `logs.py` and `sts.py` are generated; what a value *means*, or whether it is allowed, is decided elsewhere.
"""
