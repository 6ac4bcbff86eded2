"""What reviewers print and commit: matrix, controls, report."""
