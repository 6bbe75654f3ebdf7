"""The quarterly strategic review: the scorecard, its findings, and what policy would change."""
