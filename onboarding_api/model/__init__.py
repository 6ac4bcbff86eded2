"""The nouns of the product, one a file, with the verbs of their lives."""
