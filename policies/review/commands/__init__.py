"""`bdt policy …` and its bench."""
