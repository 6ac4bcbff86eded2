"""What a page costs with the whole country behind it: its time, its statements, its bytes, its plans."""
