"""The moving parts. Each takes turns: read, decide, write once, act. A turn may be repeated without harm."""
