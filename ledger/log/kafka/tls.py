"""TLS to the brokers: whom this machine trusts, who it is, and what a failed greeting means."""

import ssl
from collections.abc import Mapping
from typing import Any

from ledger.errors import BadInputError
from ledger.log.kafka.address import KEY_PASSWORD

_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNEXPECTED_EOF_WHILE_READING")
_ASKS_FOR_CERTIFICATE = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "UNKNOWN_CA")
_OTHER_NAME = "write its host as its certificate has it, or have it get a certificate for this name"
_BY_CERTIFICATE = {
    9: "its certificate is not valid yet: look at the clocks of both machines",
    10: "its certificate has expired: its administrator must renew it",
    62: _OTHER_NAME,
    64: _OTHER_NAME,
}
"""OpenSSL's number for what it found -> what to do."""
_UNTRUSTED = "nobody whom this machine trusts has signed its certificate: name who has with ca=FILE"


def context_of(security: Mapping[str, Any]) -> ssl.SSLContext | None:
    """What a client speaks TLS with; None if it does not.

    Raises:
        BadInputError: a file of the URL does not hold what it should; the message names it.
    """
    if "SSL" not in security.get("security_protocol", ""):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authorities := security.get("ssl_cafile"):
        _trust(context, authorities)
    else:
        context.load_default_certs()
    if certificate := security.get("ssl_certfile"):
        _show(context, certificate, security.get("ssl_keyfile"), security.get("ssl_password"))
    return context


def _trust(context: ssl.SSLContext, authorities: str) -> None:
    try:
        context.load_verify_locations(authorities)
    except OSError as error:  # what OpenSSL does not understand is one, too
        raise BadInputError(f"ca={authorities}: {_why(error)}; name a file of certificates in PEM") from error


def _show(context: ssl.SSLContext, certificate: str, key: str | None, password: str | None) -> None:
    def asked() -> str:
        if password is None:
            raise BadInputError(
                f"the key in {key or certificate} is encrypted; put its password into the environment as "
                f"{KEY_PASSWORD}"
            )
        return password

    try:
        context.load_cert_chain(certificate, key, asked)
    except OSError as error:
        names = f"certificate={certificate}" + (f", key={key}" if key else "")
        raise BadInputError(
            f"{names}: {_why(error)}; name a certificate in PEM with its chain, and the key that belongs to "
            f"it, whose password, if it has one, is in the environment as {KEY_PASSWORD}"
        ) from error


def _why(error: OSError) -> str:
    return shown(error) if isinstance(error, ssl.SSLError) else error.strerror or str(error)


def shown(error: ssl.SSLError) -> str:
    """What OpenSSL found, without where in its code."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or "nothing of use is in it").replace("_", " ").lower()


def advice_on(error: ssl.SSLError) -> str:
    """What somebody whose greeting of a broker failed is told."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _BY_CERTIFICATE.get(error.verify_code, _UNTRUSTED)
    reason = error.reason or ""
    if reason.endswith(_ASKS_FOR_CERTIFICATE):
        return "it wants a certificate that it trusts: name yours with certificate=FILE and key=FILE"
    if reason.endswith(_NO_TLS):
        return "it seems not to speak TLS: name the port that does, or leave what is about TLS out of the URL"
    return "it and this machine do not agree on how to speak TLS; ask its administrator"
