"""What a person asks for, and what becomes of it."""
