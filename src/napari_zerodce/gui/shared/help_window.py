"""A window with the pages of the documentation, which come with the package."""

from __future__ import annotations

import re
from importlib.metadata import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt, QUrl
from qtpy.QtGui import (
    QColor,
    QDesktopServices,
    QImage,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from qtpy.QtWidgets import QDialog, QHBoxLayout, QPushButton, QTextBrowser, QVBoxLayout, QWidget

_SIZE = (760, 640)  # pixels of the screen
_LINK = "#3b8eea"
_MARGIN = 40  # pixels beside a picture, for the scroll bar and the indent
_REPOSITORY = Path(__file__).parents[4]


def pages_folder() -> Path:
    """Return the folder of the pages: in the installed package, or else in the repository."""
    installed = Path(str(files("napari_zerodce"))) / "docs"
    return installed if installed.is_dir() else _REPOSITORY / "docs"


class Pages(QTextBrowser):
    """Shows pages of the documentation; other links open in the web browser."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.anchorClicked.connect(self.follow)

    def show_page(self, name: str) -> None:
        """Show a page, from its start.

        Parameters
        ----------
        name : str
            Such as "enhance.md".
        """
        self._open(QUrl.fromLocalFile(str(pages_folder() / name)))

    def follow(self, link: QUrl) -> None:
        """Show the target of a link: a page or heading here, or a page in the web browser."""
        target = self.source().resolved(link)
        path = Path(target.toLocalFile())
        if target.isLocalFile() and path.suffix == ".md" and path.parent == pages_folder():
            self._open(target)
        else:
            QDesktopServices.openUrl(_on_the_web(path) if target.isLocalFile() else target)

    def loadResource(self, kind: int, name: QUrl) -> Any:  # noqa: N802 - Qt's name
        """Load a part of a page; pictures get narrow enough for the window."""
        image = QImage(self.source().resolved(name).toLocalFile()) if _is_image(kind) else QImage()
        if image.isNull():
            return super().loadResource(kind, name)
        width = min(image.width(), max(200, self.width() - _MARGIN))
        return image.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)

    def _open(self, target: QUrl) -> None:
        heading = target.fragment()
        target.setFragment(None)
        if target != self.source():
            self.setSource(target, QTextDocument.ResourceType.MarkdownResource)
            self._colour_links()
        if heading:
            self._scroll_to(heading)

    def _colour_links(self) -> None:
        """Give links a colour that is legible on napari's dark and light themes: Qt's is not."""
        cursor = QTextCursor(self.document())
        while not cursor.atEnd():
            cursor.movePosition(
                QTextCursor.MoveOperation.NextCharacter, QTextCursor.MoveMode.KeepAnchor
            )
            if cursor.charFormat().isAnchor():
                form = QTextCharFormat()
                form.setForeground(QColor(_LINK))
                cursor.mergeCharFormat(form)
            cursor.clearSelection()

    def _scroll_to(self, heading: str) -> None:
        document = self.document()
        block = document.begin() if document is not None else QTextBlock()
        while block.isValid():
            if block.blockFormat().headingLevel() and _anchor(block.text()) == heading:
                self.moveCursor(QTextCursor.MoveOperation.End)  # so that the heading is on top
                self.setTextCursor(QTextCursor(block))
                return
            block = block.next()


class HelpWindow(QDialog):
    """A window beside napari's, in which links lead from page to page.

    Parameters
    ----------
    parent : QWidget
        The window that it belongs to.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Zero-DCE: help")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*_SIZE)
        self.pages = Pages()
        self.back = QPushButton("← Back")
        self.back.setToolTip("Return to the page before.")
        self.back.setAutoDefault(False)
        self.back.setEnabled(False)
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addWidget(self.pages)
        self.back.clicked.connect(self.pages.backward)
        self.pages.backwardAvailable.connect(self.back.setEnabled)


def show_help(widget: QWidget, page: str) -> HelpWindow:
    """Show a page in the help window of a widget's window, which is opened if there is none.

    Parameters
    ----------
    widget : QWidget
    page : str
        Such as "enhance.md".
    """
    parent = widget.window()
    assert parent is not None
    opened = parent.findChildren(HelpWindow)
    window = opened[0] if opened else HelpWindow(parent)
    window.show()
    window.pages.show_page(page)
    window.raise_()
    return window


def _is_image(kind: int) -> bool:
    return kind == QTextDocument.ResourceType.ImageResource.value


def _anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub writes it in links."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _on_the_web(path: Path) -> QUrl:
    """Return where a file of the repository that is not a page can be read."""
    listed = metadata("napari-zerodce").get_all("Project-URL") or []
    home = dict(line.split(", ", 1) for line in listed)["Homepage"]
    inside = Path(*path.parts[len(pages_folder().parent.parts) :])
    return QUrl(f"{home}/blob/main/{inside.as_posix()}")
