"""The field for the folder of runs, and the folder of a new run in it."""

from __future__ import annotations

from datetime import datetime
from itertools import chain, count
from pathlib import Path

from qtpy.QtWidgets import QLineEdit

from napari_zerodce.checkpoints.names import as_file_name
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.widgets.tool_tips import tool_tip
from napari_zerodce.training.run_folder import runs_folder


class RunsField(QLineEdit):
    """A line with the path of a folder; each new run gets its own folder in it.

    Parameters
    ----------
    preferred : Path, optional
        The folder in the preferences.
    """

    def __init__(self, preferred: Path | None) -> None:
        super().__init__()
        self._show(preferred)

    def prefer(self, folder: Path | None, *, instead_of: Path | None) -> None:
        """Show another folder, unless the user has typed one.

        Parameters
        ----------
        folder : Path, optional
            The folder in the preferences.
        instead_of : Path, optional
            The one before.
        """
        if self.text() == str(runs_folder(instead_of)):
            self._show(folder)

    def _show(self, preferred: Path | None) -> None:
        folder = str(runs_folder(preferred))
        self.setText(folder)
        purpose = "Each new run gets its own folder in this folder."
        self.setToolTip(tool_tip("Runs in", purpose, default=folder))

    def new_folder(self, name: str, *, otherwise: str) -> Path:
        """Return the path of a folder that does not exist yet, named by the time and the weights.

        Parameters
        ----------
        name : str
            The name of the weights, which may be empty.
        otherwise : str
            What names the folder if the weights have no name.

        Raises
        ------
        RequestError
            If the path in the field is not a full path.
        """
        words = as_file_name(name, otherwise=otherwise)
        timed = f"{datetime.now():%Y-%m-%d %H.%M.%S} {words}"
        folder = Path(self.text().strip()).expanduser()
        if not folder.is_absolute():
            raise RequestError(
                f"'Runs in' is {self.text()!r}, but must be the full path of a folder, for "
                f"example {runs_folder()}; change it in the advanced section."
            )
        numbered = (f"{timed} ({number})" for number in count(2))
        return next(folder / one for one in chain([timed], numbered) if not (folder / one).exists())
