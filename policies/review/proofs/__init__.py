"""What holds for every content of the database: check, lint, encoder, properties, second opinion."""
