"""The engine of the rules: the only code that imports cedarpy."""
