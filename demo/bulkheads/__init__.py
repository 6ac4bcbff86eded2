"""How long a revocation waits while a neighbour is in trouble: for the bench and for the tests."""
