"""One output image: how it is tested before the work, and appears only when it is complete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from napari_zerodce.cli.hidden_output import HiddenOutput
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.images import ImageFile, check_writable, write_image


class OutputFile(HiddenOutput):
    """An image file that appears only when it is complete."""

    def rehearse(self, image: ImageFile) -> None:
        """Write one pixel of the image, to fail before the work instead of after it.

        Parameters
        ----------
        image : ImageFile
            The image as read.

        Raises
        ------
        ImageError
            If the format cannot hold such an image, or the file cannot be written.
        Cancelled
            If another thread has discarded the output.
        """
        check_writable(self._target, (image,))
        axes = 2 if image.channels == "mono" else 3
        leading = image.array.ndim - axes
        corner = image.array[(slice(0, 1),) * (leading + 2)]
        self._write_part(replace(image, array=np.ascontiguousarray(corner)))
        self.part.unlink(missing_ok=True)
        self.stop_if_discarded()

    def write(self, image: ImageFile, enhanced: np.ndarray[Any, Any]) -> None:
        """Write the enhanced array with the metadata of the image's file.

        Parameters
        ----------
        image : ImageFile
            The image as read.
        enhanced : array
            Of the same shape as the image's array.

        Raises
        ------
        ImageError
            If the file exists in the meantime, or cannot be written.
        """
        self._write_part(replace(image, array=enhanced))
        self.publish()

    def _write_part(self, image: ImageFile) -> None:
        self.stop_if_discarded()
        try:
            write_image(self.part, image)
        except ImageError as err:
            # The user does not know the hidden folder.
            raise ImageError(str(err).replace(str(self.part), str(self._target))) from err
