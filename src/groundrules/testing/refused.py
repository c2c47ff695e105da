"""A call that is refused, and the one after it in the same session."""

from typing import Any

from groundrules.testing.marks import demand
from groundrules.worker.errors import Raised


def must_be_refused(outcome: Any, kind: str, what: str) -> None:
    """Fail unless a call has raised a class of this name; `what` is what the trainee is told it was.

    Raises `Raised` if it raised something else.
    """
    if isinstance(outcome, Raised):
        if kind in outcome.failure.kinds:
            return
        raise Raised(outcome.failure, outcome.doing, instead_of=kind)
    raise AssertionError(f"{what} must be rejected with {kind}; it is not.")


def must_go_on(outcome: Any, kind: str, called: str) -> None:
    """Fail if the call after one that was refused has raised; `called` is the function that refused."""
    if isinstance(outcome, Raised):
        with demand("usable-afterwards"):
            raise AssertionError(
                f"After {called} has raised {kind}, its session must be usable: "
                f"the next call raised {outcome.failure.kind}. Roll back before you raise."
            )
