"""Other engines beside ours, asked the same."""
