"""Small widgets that know neither napari nor the session."""
