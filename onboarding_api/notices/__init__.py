"""The mails of the product, by chapter: each a class with its facts and their reader, and its templates."""
