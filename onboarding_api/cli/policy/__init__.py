"""`bdt policy …` with the database: the commands of reviewers, asked of real people and things."""
