"""Write the golden files anew, for their diff to be read: `python -m tests.consumers.pages.rebuild`."""

import sys

from tests.consumers.pages.layouts import GOLDEN, files


def main() -> None:
    for file, text in files():
        before = file.read_bytes() if file.exists() else None
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        said = "same   " if text.encode() == before else "changed"
        sys.stdout.write(f"{said} {file.relative_to(GOLDEN)}\n")


if __name__ == "__main__":
    main()
