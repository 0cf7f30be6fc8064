"""What can go wrong that a user can mend: one exception family, each message one clear sentence.

None of them is a ``RuntimeError``: Qt's generator workers swallow those, and torch raises them for
everything from a wrong shape to a full GPU.
"""

from __future__ import annotations


class ZeroDCEError(Exception):
    """A mistake or a limit the user can act on: what was found, what was expected, what to try."""


class CheckpointError(ZeroDCEError):
    """A file is not a checkpoint that can be used."""


class DownloadError(ZeroDCEError):
    """Published weights could not be fetched."""


class ImageError(ZeroDCEError):
    """An image cannot be read, enhanced or written."""


class DeviceError(ZeroDCEError):
    """A device or a precision is not to be had on this machine."""


class RequestError(ZeroDCEError):
    """A setting has a value that makes no sense."""


class TrainingError(ZeroDCEError):
    """A training cannot go on, or its run folder is none."""


class Cancelled(Exception):
    """The user asked to stop: neither an error nor a result."""
