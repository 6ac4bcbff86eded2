"""What the browser and the API see."""
