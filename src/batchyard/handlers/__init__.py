"""One coroutine per API operation, a file per resource. What a caller may ask and what the answer is; no SQL, no HTTP."""
