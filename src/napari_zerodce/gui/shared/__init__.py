"""Parts that several docks use: their base class, the layer chooser, and the control of runs."""
