"""What people type and read: one stored form for each thing typed, French dates and lists, labels."""
