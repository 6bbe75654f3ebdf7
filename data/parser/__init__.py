"""What opens files from outside; runs only in a process of its own (data/parsing.py)."""
