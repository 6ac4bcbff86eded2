"""How much of each thing may be asked in a time: what strangers can cause is bounded, and known."""
