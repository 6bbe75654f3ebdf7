"""The same verbs over HTTP: for programs, each under a token of its own.

Every route runs a verb of `forecasting.commands` on the workspace that the app has open, as the
person whom the token speaks for (docs/decisions/0037-programs.md).
"""
