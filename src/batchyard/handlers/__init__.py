"""One coroutine per API operation, a file per resource. What may be asked and what the answer is; no SQL, no HTTP."""
