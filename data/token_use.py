"""When tokens were last used; beside the ledger, since it decides nothing."""

from __future__ import annotations

import datetime as dt

from data.store import Store


def keep(store: Store, token: str, *, used_at: dt.datetime) -> None:
    """Keep when a token was used, in the place of the time before."""
    with store.transaction() as cursor:
        cursor.execute("delete from token_use where token = ?", [token])
        cursor.execute("insert into token_use values (?, ?)", [token, used_at])


def all_of(store: Store) -> dict[str, dt.datetime]:
    """Token to when it was last used; those that were never used are not in it."""
    found = store.query("token_uses")
    used = [moment.to_pydatetime() for moment in found["used_at"]]
    return dict(zip(found["token"].astype(str), used, strict=True))
