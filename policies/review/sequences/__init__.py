"""What people can reach step by step: the life of one small structure, walked whole."""
