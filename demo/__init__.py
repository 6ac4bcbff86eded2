"""The whole system on one machine, and the guide's story walked through it."""
