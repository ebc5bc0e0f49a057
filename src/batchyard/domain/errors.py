"""The faults a caller can be told of. `server` turns them into the wire form of the API that was called.

BatchyardError
├── Invalid            the request cannot be carried out as it is (ClientException, 400)
│   ├── NotFound       it names something that does not exist
│   └── Conflicting    it would break something that exists (in use, being modified, already there)
├── Denied             the caller may not do this (AccessDeniedException, 403)
└── Unsupported        the API has it, this yard does not (ClientException, 400; named on the compatibility page)
"""

from __future__ import annotations


class BatchyardError(Exception):
    """Root of all; `str(error)` is the text the caller reads."""


class Invalid(BatchyardError):
    """The request cannot be carried out as it is."""


class NotFound(Invalid):
    """It names something that does not exist."""


class Conflicting(Invalid):
    """It would break something that exists."""


class Denied(BatchyardError):
    """The caller may not do this."""


class Unsupported(BatchyardError):
    """The API has it, this yard does not."""
