"""What a lint refuses, by subject: numbers, mappers, who administers, differences that are dangerous."""
