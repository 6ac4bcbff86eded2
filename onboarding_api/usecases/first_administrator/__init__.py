"""Becoming the first administrator: the claim, the letter, its code (guide §13)."""
