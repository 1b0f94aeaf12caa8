"""Where many things are done one beside another: what goes wrong with one is told and ends there."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from .faults import RowConflict, StorageUnavailable


@contextmanager
def one_of_many(what: str, *, log: logging.Logger) -> Iterator[None]:
    """Does the block for `what`; the others do not wait for whatever is wrong with it.

    Somebody else at it is information, storage that is away a warning, anything else an error with its traceback.
    """
    try:
        yield
    except RowConflict:
        log.info("%s is being handled by somebody else", what)
    except StorageUnavailable as error:
        log.warning("%s waits for the next time: %s", what, error)
    except Exception:
        log.exception("%s cannot be done", what)
