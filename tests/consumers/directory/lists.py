"""Lists of administrators, and who synchronises them."""

from pathlib import Path

HEADING = "contract,person,name,email,language\n"
TWO = HEADING + "acme,p-1,Zoé Martin,zoe@acme.example,\nacme,p-2,John Smith,john@acme.example,en\n"


def synchronised(constat, text: str, *more: str):
    Path("list.csv").write_text(text)
    return constat("directory", "sync", "list.csv", *more)
