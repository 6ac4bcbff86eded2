"""The letter with the activation code: its text, its address, its PDF."""
