"""Who may, what may: the rules asked over the whole database."""
