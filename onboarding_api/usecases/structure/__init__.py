"""Attaching to structures, leaving them, the profile in each (guide §5 to §7)."""
