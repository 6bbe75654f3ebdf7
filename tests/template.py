"""New databases of tests, copied from one that the real migrations made.

Making an empty database costs a fifth of a second, most of it for views that a later step makes
anew, and tests make more than a thousand. The steps themselves are tried where they are the
matter (tests/data/test_identity.py) and by every process that a test starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import duckdb
import pytest

from data import migrations
from data.quoting import identifier, literal, sql

Transaction = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
by_steps = migrations.apply
"""The real one."""


@contextmanager
def copied(template: Path) -> Iterator[None]:
    """Empty databases become copies of the template for the while, which is made when first asked for.

    A database that holds anything, and any database while the steps are others than those of
    the template (a test puts other ones in their place), goes by the steps as ever.
    """
    steps = migrations.steps()

    def apply(transaction: Transaction) -> int:
        if migrations.steps() != steps:
            return by_steps(transaction)
        with transaction() as cursor:
            ((name,),) = cursor.execute("select current_database()").fetchall()
            ((held,),) = cursor.execute(
                "select count(*) from duckdb_tables() where database_name = ?", [name]
            ).fetchall()
        if held:
            return by_steps(transaction)
        if not template.exists():
            _make(template)
        with transaction() as cursor:
            cursor.execute(
                sql("attach {path} as template (read_only)", path=literal(str(template)))
            )
        try:
            with transaction() as cursor:
                cursor.execute(
                    sql("copy from database template to {name}", name=identifier(name))
                )
        finally:
            with suppress(duckdb.Error), transaction() as cursor:
                cursor.execute("detach template")
        return len(steps)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "apply", apply)
        yield


def _make(template: Path) -> None:
    connection = duckdb.connect(str(template))

    @contextmanager
    def transaction() -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = connection.cursor()
        cursor.execute("begin")
        yield cursor
        cursor.execute("commit")

    by_steps(transaction)
    connection.close()
