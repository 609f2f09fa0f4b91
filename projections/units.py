"""Amounts as text: exact integers in, a decimal out, the same in every language."""

from ledger.instants import HOUR_MS


def hours(duration_ms: int) -> str:
    """Hours cut down after two decimals: `"23.99"`, and `"-0.01"` for anything that is just below zero."""
    hundredths = duration_ms * 100 // HOUR_MS
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02}"


def gigabytes(size_bytes: int) -> str:
    """Gigabytes of 10^9 bytes, exact, with as many decimals as that takes."""
    whole, rest = divmod(size_bytes, 10**9)
    return f"{whole}.{rest:09}".rstrip("0").rstrip(".")
