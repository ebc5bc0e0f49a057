"""Snapshot in, Plan out. Pure: whatever a decision depends on is a field of the snapshot."""
