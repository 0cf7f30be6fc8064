"""The errors that a user can fix: one family of exceptions, each message one clear sentence.

None of them is a ``RuntimeError``: Qt's generator workers swallow those, and torch raises them for
everything from a wrong shape to a full GPU.
"""

from __future__ import annotations

from typing import Any


class ZeroDCEError(Exception):
    """A mistake or a limit, with what was found, what was expected and what the user can try.

    Attributes
    ----------
    finished : EnhanceResult, optional
        The planes of a stack that were finished before.
    """

    finished: Any = None


class CheckpointError(ZeroDCEError):
    """A checkpoint does not exist, or its file is invalid."""


class DownloadError(ZeroDCEError):
    """Published weights could not be fetched."""


class ImageError(ZeroDCEError):
    """An image cannot be read, enhanced or written."""


class UnreadableError(ImageError):
    """A part of an array cannot be read, such as a chunk on a lost drive; the rest may be."""


class DeviceError(ZeroDCEError):
    """A device or a precision is not available, or the device has too little memory."""


class RequestError(ZeroDCEError):
    """A setting has an invalid value."""


class ExportError(ZeroDCEError):
    """A checkpoint cannot be written for other programs."""


class TrainingError(ZeroDCEError):
    """A training cannot go on, or its run folder is invalid."""


class Cancelled(Exception):
    """The user asked to stop: neither an error nor a result.

    Attributes
    ----------
    finished : EnhanceResult, optional
        The planes of a stack that were finished before.
    """

    finished: Any = None
