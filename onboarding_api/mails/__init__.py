"""The mails of the product: one folder per notice."""
