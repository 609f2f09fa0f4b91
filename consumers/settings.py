"""What the running consumers are told by the environment or a `.env` file: `CONSTAT_…`.

Nothing here decides a figure. A secret is never printed.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger.errors import BadInputError, in_our_words

PREFIX = "CONSTAT_"
SMTP_TIMEOUT_SECONDS_MAX = 120
"""A message waits for five answers at most, which must have come before another machine may try it."""


class Settings(BaseSettings):
    """Read once, when a command starts."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    directory: Path = Path("directory.db")
    """Names and addresses of administrators: beside the ledger, never in it."""
    evidence: Path = Path("evidence")
    """The folder of documents, each named by the hash of its bytes."""

    smtp_host: str = "localhost"
    smtp_port: int = Field(default=25, ge=1, le=65_535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_ca_file: Path | None = None
    """Authorities to trust beside the system's."""
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str | None = None
    """The address that mails come from and bounces go to."""
    smtp_timeout_seconds: float = Field(default=60, gt=0, le=SMTP_TIMEOUT_SECONDS_MAX)

    provider: str | None = None
    """Who announces, as notices name it; the domain of `smtp_from` if nobody says otherwise."""
    ops_email: str | None = None
    """Whom to tell that a notice may be late."""
    escalate_hours_before: float = Field(default=4, ge=0)
    """How long before a notice's last moment ops are told that nobody has it."""
    notify_seconds: float = Field(default=10, gt=0)
    """How often `constat notify --follow` looks for what is due."""


def read(**given: Path | None) -> Settings:
    """The settings in force; what is given by name goes before them, unless it is None.

    Raises:
        BadInputError: a variable cannot be read; names it and never shows a secret.
    """
    try:
        paths: dict[str, Any] = {name: path for name, path in given.items() if path is not None}
        return Settings(**paths)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise BadInputError(
            f"{name}: {in_our_words(first['msg'])}; correct it in the environment or in .env"
        ) from None
