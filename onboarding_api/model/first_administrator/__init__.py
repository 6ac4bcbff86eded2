"""The way to the first administrator (guide CAS 2): the claim, its letters, their codes."""
