"""What must leave the house: the rows of the ledger, their kinds, the breakers of their targets."""
