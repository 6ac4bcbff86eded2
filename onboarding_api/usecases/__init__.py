"""One file per sentence of the guide: what happens when a person clicks."""
