"""Those who take letters to the post."""
