"""What tests of the application make and say."""

from app.core import security
from app.models.user import User

SECRET_KEY = "a key of the tests, of 32 bytes and more"
PASSWORD = "correct horse"


def isbn(number: int) -> str:
    """Return a valid ISBN, another for each number."""
    digits = f"978{number:09}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def login(user: User) -> dict[str, str]:
    """Return the header that tells who is asking."""
    return {"Authorization": f"Bearer {security.create_access_token(str(user.id))}"}
