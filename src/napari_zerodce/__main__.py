"""``python -m napari_zerodce`` is the command line."""

from __future__ import annotations

import sys

from napari_zerodce.cli import main

if __name__ == "__main__":
    sys.exit(main())
