"""Cedar as text and tree: the only code that imports cedarpy."""
