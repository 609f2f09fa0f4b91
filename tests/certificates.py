"""An authority of the tests' own, and what it signs: made by `openssl`, in a folder that is thrown away."""

import shutil
import subprocess
from pathlib import Path

from tests.required import lacking

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
DAYS = 2
CA_SETTINGS = """
[ca]
default_ca = tests
[tests]
new_certs_dir = {folder}
database = {folder}/index.txt
serial = {folder}/serial
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
"""


def require() -> None:
    """Skip a test where none can be made; where brokers are required, so are these, and it fails."""
    if shutil.which("openssl") is None:
        lacking("CONSTAT_REQUIRE_KAFKA", "there is no openssl to make certificates with")


class Authority:
    """Signs certificates in a folder; its own is `ca.pem` there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._openssl(
            "req", "-x509", *KEY, "-nodes", *self._files("ca"), *self._lasting("Authority of a test")
        )

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def sign(self, name: str, *, names: str = "", password: str = "") -> tuple[Path, Path]:
        """A certificate for a name, and its key; `names` as OpenSSL writes them, a password if it has one."""
        more = ["-addext", f"subjectAltName={names}"] if names else []
        self._openssl(
            "req", "-x509", *KEY, *(["-passout", f"pass:{password}"] if password else ["-nodes"]),
            "-CA", self.certificate, "-CAkey", self.folder / "ca.key",
            *self._files(name), *self._lasting(name), "-addext", "basicConstraints=critical,CA:FALSE", *more,
        )  # fmt: skip
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def sign_between(self, name: str, first: str, last: str, *, names: str) -> tuple[Path, Path]:
        """A certificate that holds from one day to another, each as `20200131`."""
        for empty in ("index.txt", "extensions"):
            (self.folder / empty).write_text("")
        (self.folder / "extensions").write_text(
            f"basicConstraints=critical,CA:FALSE\nsubjectAltName={names}\n"
        )
        (self.folder / "serial").write_text(f"{len(list(self.folder.iterdir())):04}\n")
        (self.folder / "ca.cnf").write_text(CA_SETTINGS.format(folder=self.folder))
        request = self.folder / f"{name}.csr"
        key = ("-keyout", self.folder / f"{name}.key")
        self._openssl("req", "-new", *KEY, "-nodes", *key, "-out", request, "-subj", f"/CN={name}")
        self._openssl(
            "ca", "-batch", "-config", self.folder / "ca.cnf", "-in", request,
            "-out", self.folder / f"{name}.pem", "-notext", "-extfile", self.folder / "extensions",
            "-startdate", f"{first}000000Z", "-enddate", f"{last}000000Z",
        )  # fmt: skip
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def _files(self, name: str) -> tuple[object, ...]:
        return ("-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.pem")

    def _lasting(self, name: str) -> tuple[str, ...]:
        return ("-days", str(DAYS), "-subj", f"/CN={name}")

    def _openssl(self, *arguments: object) -> None:
        command = ["openssl", *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
