"""What must leave the house: the ledger, its worker and its targets."""
