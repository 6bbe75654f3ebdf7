"""The command line, verb by verb; `forecasting.__main__` puts them together."""
