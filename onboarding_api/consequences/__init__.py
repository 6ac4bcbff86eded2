"""What has to leave the house after each event; one chapter of the table for each kind of thing."""
