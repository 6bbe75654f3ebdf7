"""What was: runs, replays and backtests, the ledger read back, changes taken back."""
