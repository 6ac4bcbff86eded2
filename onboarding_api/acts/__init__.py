"""One act: a transaction, a question to the rules, a journal row, and what has to leave the house."""
