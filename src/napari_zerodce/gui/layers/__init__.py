"""The code that reads napari layers and creates them."""
