"""Questions with the answers people expect, and how they are told."""
