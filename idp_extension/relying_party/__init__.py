"""The guard that a relying Flask service uses."""
