"""What can go wrong between transactions."""


class Conflict(Exception):
    """What a transaction had read changed before it wrote: read again and decide again."""
