"""The `bdt` command."""
