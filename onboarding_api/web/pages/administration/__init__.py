"""The decisions of administrators (guide §11)."""
