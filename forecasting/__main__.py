"""The command line: the same product without a browser (`forecasting.commands`)."""

from __future__ import annotations

# A verb is there because its module was read: each hangs itself on `main`.
from forecasting.commands import (
    calendars,
    company,
    cycle,
    database,
    forecast,
    inputs,
    orders,
    people,
    plan,
    proposals,
    sample,
    serve,
    sources,
    tables,
    tokens,
    word,
)
from forecasting.commands.door import main

__all__ = [
    "calendars",
    "company",
    "cycle",
    "database",
    "forecast",
    "inputs",
    "main",
    "orders",
    "people",
    "plan",
    "proposals",
    "sample",
    "serve",
    "sources",
    "tables",
    "tokens",
    "word",
]

if __name__ == "__main__":
    main()
