"""Why what a person asks of a line cannot be done as things are."""

from functions.problems import problem_of
from shared.faults import RowConflict


def refusal_in_words(error: Exception) -> str | None:
    """To be shown beside what was typed; None for an error that says nothing of the line."""
    if isinstance(error, RowConflict):
        return "The session was changed by somebody else at the same time. Look at the line, then try again."
    problem = problem_of(error)
    return (problem.detail or problem.title) if problem.status == 409 else None
