"""A plan kept as a file, what stops it, and its execution by threads: from any state, after any accident."""
