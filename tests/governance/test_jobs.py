"""Long work ends in a state that anybody can read, however it ends."""

import errno
import threading
import time

import pytest

from forecasting.errors import Cancelled, JobRunning, Refused
from forecasting.governance.jobs import Job, State


def quiet(text, share):
    pass


def wait_for(job: Job) -> None:
    deadline = time.monotonic() + 10
    while job.progress is not None:
        assert time.monotonic() < deadline
        time.sleep(0.005)


FAULTS = [
    (KeyError("x"), "fault of ours (KeyError"),
    (MemoryError(), "ran out of memory"),
    (
        OSError(errno.ENOSPC, "No space left on device", "/place"),
        "no room left on the disk for /place",
    ),
    (OSError(errno.EFBIG, "File too large"), "no room left"),
    (Refused("There are no sales."), "There are no sales."),
    (RecursionError("deep"), "fault of ours (RecursionError: deep)"),
]


@pytest.mark.parametrize(("error", "text"), FAULTS, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("begins", [True, False])
def test_an_error_of_any_kind_is_kept_with_its_reason_and_the_place_is_free_again(
    error, text, begins
):
    job = Job("refresh")

    def work():
        if not begins:
            raise error
        with job.running("Dana", quiet):
            raise error

    job.in_background(work, by="Dana")
    wait_for(job)
    assert job.outcome.state is State.FAILED
    assert text in job.outcome.reason
    assert job.outcome.by == "Dana"
    assert job.outcome.ended >= job.outcome.started
    assert "Dana started it" in str(job.outcome)
    with job.running("Mara", quiet):
        assert job.outcome.state is State.RUNNING
    assert job.outcome.state is State.DONE
    assert job.error == ""


def test_of_many_who_start_at_once_one_does():
    job, go = Job("refresh"), threading.Barrier(12)
    hold = threading.Event()
    done, refused = [], []

    def work():
        with job.running("Dana", quiet):
            done.append(1)
            hold.wait(10)

    def start():
        go.wait()
        try:
            job.in_background(work, by="Dana")
        except JobRunning as error:
            refused.append(error)

    threads = [threading.Thread(target=start) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 11
    assert all(error.title == "Already under way" for error in refused)
    assert job.progress is not None  # from the moment it is asked for
    hold.set()
    wait_for(job)
    assert done == [1]
    assert job.outcome.state is State.DONE


class Handle:
    def __init__(self):
        self.stopped = False

    def stop(self):
        self.stopped = True


@pytest.mark.parametrize("early", [True, False])
def test_who_stopped_it_is_named_also_where_it_had_nothing_to_stop_yet(early):
    job, handles = Job("backtest"), [Handle(), Handle()]
    assert not job.stop("Mara")  # nothing is under way
    with pytest.raises(Cancelled), job.running("Dana", quiet):
        if early:
            assert job.stop("Mara")
        for handle in handles:
            job.stoppable(handle)
        if not early:
            assert job.stop("Mara")
        assert all(handle.stopped for handle in handles)
        raise Cancelled("It was stopped.")
    assert job.outcome.state is State.STOPPED
    assert job.outcome.reason.startswith("Mara stopped it.")
    assert "Dana started it" in str(job.outcome)


def test_a_stop_of_one_does_not_stop_the_next():
    job, handle = Job("backtest"), Handle()
    with job.running("Dana", quiet):
        job.stop("Mara")
    with job.running("Dana", quiet):
        job.stoppable(handle)
    assert not handle.stopped
    assert job.outcome.state is State.DONE


def test_an_interrupted_one_is_not_called_failed():
    job = Job("refresh")
    with pytest.raises(KeyboardInterrupt), job.running("Dana", quiet):
        raise KeyboardInterrupt
    assert job.outcome.state is State.STOPPED
    assert "interrupted" in job.outcome.reason


def test_what_fails_after_it_was_done_leaves_it_done():
    job = Job("refresh")
    over = threading.Event()

    def work():
        with job.running("Dana", quiet):
            pass
        over.set()
        raise JobRunning("Somebody else is summing up.")

    job.in_background(work, by="Dana")
    assert over.wait(10)
    assert job.outcome.state is State.DONE
