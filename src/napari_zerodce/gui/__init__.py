"""The docks in napari: the only room that knows napari and Qt."""
