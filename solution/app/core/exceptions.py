"""The rules of the library that can refuse a request."""

from typing import ClassVar


class LibraryError(Exception):
    """What was asked breaks a rule of the library; its text is for whoever asked."""

    message: ClassVar[str]

    def __str__(self) -> str:
        return self.message


class NotFound(LibraryError):
    """A row is not there, or not there any more."""

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
    """The user has as many books as one may have."""

    message = "You have as many books as you may borrow at once."


class AlreadyReturned(LibraryError):
    """The loan is over."""

    message = "This book has been returned already."
