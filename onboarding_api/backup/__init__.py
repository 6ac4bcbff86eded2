"""A copy of the house that another house can be made of: what it holds, and how it is known to be whole."""
