"""Is the house well? Each neighbour and each organ looked at, for a time, and told in a sentence."""
