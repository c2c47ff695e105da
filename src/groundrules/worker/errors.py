"""Why there is no answer: each error's text is a sentence for the trainee."""

from groundrules.worker.protocol import Failure, Frame


class WorkerError(Exception):
    """The worker gave no answer; the text is a sentence for the trainee.

    `frames` are the lines of the trainee's code that it is about, the innermost last.
    """

    def __init__(self, message: str, frames: tuple[Frame, ...] = ()) -> None:
        super().__init__(message)
        self.frames = frames


class Raised(WorkerError):
    """The trainee's code raised an exception, `doing` something.

    :param instead_of: what it must have raised, if that is known.
    :param refused: what it must have accepted, if that is known.
    """

    def __init__(
        self,
        failure: Failure,
        doing: str = "The code",
        *,
        instead_of: str | None = None,
        refused: str | None = None,
    ) -> None:
        wanted = f"; it must raise {instead_of}" if instead_of else ""
        before = f"{refused} must be accepted. " if refused else ""
        super().__init__(f"{before}{doing} raised {failure}{wanted}", failure.frames)
        self.failure = failure
        self.doing = doing
        self.instead_of = instead_of
        self.refused = refused


class Missing(WorkerError):
    """Something that a lesson names is not in the trainee's code."""


class Hung(WorkerError):
    """The trainee's code did not come to an end in time.

    :param importing: the files whose import was still running, relative to the folder.
    """

    def __init__(
        self, message: str, frames: tuple[Frame, ...] = (), importing: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, frames)
        self.importing = importing


class Ended(WorkerError):
    """The trainee's code ended the process that it runs in."""


class Killed(Ended):
    """Something killed the process from outside, or the code killed it itself."""


class BadReply(WorkerError):
    """What came back is not a reply."""


class MachineTrouble(WorkerError):
    """Not the trainee's code is to blame, but the machine."""
