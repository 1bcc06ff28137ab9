"""How wrong an image is, measured by samples of the scan itself that were hidden from the method."""
