"""Cases made readable, changes in French sentences: for people who do not read Cedar."""
