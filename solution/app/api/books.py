"""Books over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, status
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.deps import get_db, get_librarian
from app.api.errors import as_http_error, may_return
from app.core.exceptions import LibraryError
from app.models.book import Book
from app.schemas.base import Id
from app.schemas.book import BookCreate, BookQuery, BookResponse, BookUpdate
from app.schemas.page import Page
from app.services import book_service

router = APIRouter(prefix="/books", tags=["books"])


async def find_book(book_id: Id, db: AsyncSession = Depends(get_db)) -> Book:
    """Return the book that the path names."""
    book = await book_service.get(db, book_id=book_id)
    if book is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="There is no such book.")
    return book


@router.get("/")
async def list_books(
    query: Annotated[BookQuery, Query()], db: AsyncSession = Depends(get_db)
) -> Page[BookResponse]:
    """List all books, or those that a search finds, ordered by id."""
    books, total = await book_service.list_page(
        db, search=query.search, limit=query.limit, offset=query.offset
    )
    return Page(
        items=[BookResponse.model_validate(book) for book in books],
        total=total,
        limit=query.limit,
        offset=query.offset,
    )


@router.get("/{book_id}", responses=may_return(404))
async def read_book(book: Book = Depends(find_book)) -> BookResponse:
    """Show one book."""
    return BookResponse.model_validate(book)


@router.post(
    "/",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(get_librarian)],
    responses=may_return(400, 401, 403),
)
async def create_book(book_in: BookCreate, db: AsyncSession = Depends(get_db)) -> BookResponse:
    """Add a book."""
    try:
        book = await book_service.create(db, obj_in=book_in)
    except LibraryError as error:
        raise as_http_error(error) from error
    return BookResponse.model_validate(book)


@router.put(
    "/{book_id}",
    dependencies=[Depends(get_librarian)],
    responses=may_return(400, 401, 403, 404),
)
async def replace_book(
    book_in: BookCreate, book: Book = Depends(find_book), db: AsyncSession = Depends(get_db)
) -> BookResponse:
    """Replace all fields of a book; `published_year` becomes null if it is left out."""
    try:
        book = await book_service.replace(db, book=book, obj_in=book_in)
    except LibraryError as error:
        raise as_http_error(error) from error
    return BookResponse.model_validate(book)


@router.patch(
    "/{book_id}",
    dependencies=[Depends(get_librarian)],
    responses=may_return(400, 401, 403, 404),
)
async def update_book(
    book_in: BookUpdate, book: Book = Depends(find_book), db: AsyncSession = Depends(get_db)
) -> BookResponse:
    """Change the given fields of a book."""
    try:
        book = await book_service.update(db, book=book, obj_in=book_in)
    except LibraryError as error:
        raise as_http_error(error) from error
    return BookResponse.model_validate(book)


@router.delete(
    "/{book_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[Depends(get_librarian)],
    responses=may_return(400, 401, 403, 404),
)
async def delete_book(book: Book = Depends(find_book), db: AsyncSession = Depends(get_db)) -> None:
    """Delete a book that has no open loans."""
    try:
        await book_service.delete(db, book=book)
    except LibraryError as error:
        raise as_http_error(error) from error
