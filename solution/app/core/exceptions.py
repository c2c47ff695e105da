"""The errors of the library: one for each rule that a request can violate."""

from typing import ClassVar


class LibraryError(Exception):
    """A request violates a rule of the library; the message is for the client."""

    message: ClassVar[str]

    def __str__(self) -> str:
        return self.message


class NotFound(LibraryError):
    """A row does not exist, or does not exist any more."""

    message = "Not found."


class EmailTaken(LibraryError):
    """Another user has the email."""

    message = "The user with this email already exists in the system."


class IsbnTaken(LibraryError):
    """Another book has the ISBN."""

    message = "The book with this ISBN already exists in the system."


class TooFewCopies(LibraryError):
    """More copies are out than the library would own."""

    message = "More copies than that are borrowed right now."


class HasOpenLoans(LibraryError):
    """A user or a book cannot be deleted while books are out."""

    message = "There are loans that have not been returned."


class NoCopyLeft(LibraryError):
    """All copies of the book are out."""

    message = "All copies of this book are borrowed right now."


class AlreadyBorrowed(LibraryError):
    """The user has the book already."""

    message = "You have this book already."


class LoanLimitReached(LibraryError):
    """The user has reached the limit of open loans."""

    message = "You have reached the limit of books that you may borrow at once."


class AlreadyReturned(LibraryError):
    """The loan has been returned already."""

    message = "This book has been returned already."
