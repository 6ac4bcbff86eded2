"""What has to leave the house after each event."""
