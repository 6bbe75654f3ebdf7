"""Work that nobody asked for gives way to a page that somebody waits for."""

import threading
import time

from pages.components.at_work import QUIET_S, AtWork


def test_where_nobody_is_at_work_nothing_waits():
    began = time.monotonic()
    AtWork().give_way()
    assert time.monotonic() - began < QUIET_S


def test_work_goes_on_only_once_the_page_has_run_and_it_is_quiet():
    pages, told = AtWork(), []

    def works():
        pages.give_way()
        told.append(time.monotonic())

    with pages.run():
        thread = threading.Thread(target=works)
        thread.start()
        thread.join(QUIET_S / 2)
        assert not told
        ended = time.monotonic()
    thread.join()
    assert told[0] - ended >= QUIET_S


def test_where_somebody_is_always_at_work_it_is_done_all_the_same():
    pages, began = AtWork(), time.monotonic()
    with pages.run():
        pages.give_way(longest=0.2)
    assert time.monotonic() - began >= 0.2
