"""HTTP: who calls, which operation, bytes in and bytes out. No rule of Batch lives here, and no SQL."""
