"""The system in bad weather: faults between its parts, kills, load, and a reader who checks what is left."""
