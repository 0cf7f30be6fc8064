"""All that reads napari layers or creates them."""
