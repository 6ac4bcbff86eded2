"""What changes between two revisions, and which slip of the pen would be noticed."""
