"""Rooms that run one attempt somewhere. They know launches and observations, never queues, shares or retries."""
