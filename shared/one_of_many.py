"""Where many things are done one beside another: what goes wrong with one is told and ends there."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from .faults import RowConflict, StorageUnavailable


@contextmanager
def one_of_many(what: str, *, gln: str, reference: str | None = None, log: logging.Logger) -> Iterator[None]:
    """Does the block for `what` of the operator; the others do not wait for whatever is wrong with it.

    Somebody else at it is information, storage that is away a warning, anything else an error with its traceback.
    """
    told = {"gln": gln, "reference": reference}
    try:
        yield
    except RowConflict:
        log.info("%s of operator %s is being handled by somebody else", what, gln, extra=told)
    except StorageUnavailable as error:
        log.warning("%s of operator %s waits for the next time: %s", what, gln, error, extra=told)
    except Exception:
        log.exception("%s of operator %s cannot be done", what, gln, extra=told)
