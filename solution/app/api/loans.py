"""Loans over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, status
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.deps import get_current_user, get_db
from app.api.errors import as_http_error, may_return
from app.core.exceptions import LibraryError
from app.models.loan import Loan
from app.models.user import User
from app.schemas.base import Id
from app.schemas.loan import LoanCreate, LoanResponse
from app.schemas.page import Page, PageQuery
from app.services import loan_service

router = APIRouter(prefix="/loans", tags=["loans"])


async def find_loan(
    loan_id: Id,
    user: User = Depends(get_current_user),
    db: AsyncSession = Depends(get_db),
) -> Loan:
    """Return the loan that the path names, if the user may access it."""
    loan = await loan_service.get(db, loan_id=loan_id)
    if loan is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="There is no such loan.")
    if not loan_service.may_access(user=user, loan=loan):
        raise HTTPException(status.HTTP_403_FORBIDDEN, detail="This loan belongs to another user.")
    return loan


@router.post("/", status_code=status.HTTP_201_CREATED, responses=may_return(400, 401, 404))
async def create_loan(
    loan_in: LoanCreate,
    user: User = Depends(get_current_user),
    db: AsyncSession = Depends(get_db),
) -> LoanResponse:
    """Borrow a book for 21 days: at most five books, and one copy of each."""
    try:
        loan = await loan_service.borrow(db, user=user, book_id=loan_in.book_id)
    except LibraryError as error:
        raise as_http_error(error) from error
    return LoanResponse.model_validate(loan)


@router.get("/", responses=may_return(401))
async def list_loans(
    page: Annotated[PageQuery, Query()],
    user: User = Depends(get_current_user),
    db: AsyncSession = Depends(get_db),
) -> Page[LoanResponse]:
    """List your loans, or all loans if you are a librarian, ordered by id."""
    loans, total = await loan_service.list_page(db, user=user, limit=page.limit, offset=page.offset)
    return Page(
        items=[LoanResponse.model_validate(loan) for loan in loans],
        total=total,
        limit=page.limit,
        offset=page.offset,
    )


@router.get("/{loan_id}", responses=may_return(401, 403, 404))
async def read_loan(loan: Loan = Depends(find_loan)) -> LoanResponse:
    """Show one of your loans, or any loan if you are a librarian."""
    return LoanResponse.model_validate(loan)


@router.post("/{loan_id}/return", responses=may_return(400, 401, 403, 404))
async def return_loan(
    loan: Loan = Depends(find_loan), db: AsyncSession = Depends(get_db)
) -> LoanResponse:
    """Return a book."""
    try:
        loan = await loan_service.give_back(db, loan=loan)
    except LibraryError as error:
        raise as_http_error(error) from error
    return LoanResponse.model_validate(loan)
