"""One normal form of an e-mail address, used for every comparison of identity.

It errs towards not disclosing: no plus-address or dot is stripped and no folding is done that would equate two
mailboxes ("straße" is not "strasse"). The spelling that the person typed is kept for sending.
"""

import unicodedata

import idna


def normalise_address(address: str) -> str:
    """The normal form: trimmed, domain in IDNA (UTS 46) and lower case, local part in NFC and lower case.

    Raises ValueError where there is no local part, no domain, or the domain is not a name.
    """
    local, at, domain = address.strip().rpartition("@")
    if not (local and at and domain):
        raise ValueError("not an e-mail address")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError("not a domain name") from error
    return f"{unicodedata.normalize('NFC', local).lower()}@{ascii_domain.lower()}"
