"""The structures of France: load, search, vintages."""
