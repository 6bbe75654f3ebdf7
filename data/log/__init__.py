"""Where the events of a company stand for good: in the database file, or in PostgreSQL.

protocol    what the ledger's writer asks of either
embedded    the database file; the default
postgres    a log of record in PostgreSQL, of which the file keeps a copy
link        the one connection to it: its place, its lock, its errors in words
lines       events as a log keeps them, and their digest
choosing    which of the two a file belongs to
moving      from one to the other
"""
