"""What can be asked, by whom: the YAML files that people write, and how they are read."""
