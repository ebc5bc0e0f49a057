"""Rooms that make hosts come and go. They know hosts and sizes, never jobs."""
