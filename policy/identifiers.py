"""Normal forms of what identifies a person: one for comparing identity, a wider one for not contacting somebody.

The normal form of an e-mail address errs towards not disclosing: no plus-address or dot is stripped and no folding is
done that would equate two mailboxes ("straße" is not "strasse"). The spelling that the person typed is kept for
sending. The suppression form errs towards not contacting: it is a function of the normal form, without the part after
a plus and case-folded, so that whoever asked to be left alone is recognised under a variant of their address.
"""

import unicodedata
from typing import Final
from urllib.parse import quote, unquote, urlsplit

import idna

_OUR_FORM: Final = "NFC"
_PLAIN = "~:@!$&'()*+,;="
"""What stands in a path as it is; everything else is percent-encoded, so that one path has one spelling."""


def normalise_address(address: str) -> str:
    """The normal form: trimmed, domain in IDNA (UTS 46) and lower case, local part in NFC and lower case.

    Raises ValueError where there is no local part, no domain, or the domain is not a name.
    """
    local, at, domain = address.strip().rpartition("@")
    if not (local and at and domain):
        raise ValueError("not an e-mail address")
    # Lower case can take a letter out of NFC (a J with a caron is one letter only when small), so it is composed again.
    lower = unicodedata.normalize(_OUR_FORM, unicodedata.normalize(_OUR_FORM, local).lower())
    return f"{lower}@{_ascii_domain(domain)}"


def suppression_address(address: str) -> str:
    """The form under which an address is recognised that must not be written to: the normal form without the part
    after a plus, case-folded, and without the dot that may end a domain.

    Raises ValueError for what is no address.
    """
    local, _, domain = normalise_address(address).rpartition("@")
    return f"{_fold(local.partition('+')[0] or local)}@{domain.rstrip('.')}"


def _ascii_domain(domain: str) -> str:
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError("not a domain name") from error
    return ascii_domain.lower()


def _fold(text: str) -> str:
    """Caseless and canonical (Unicode, definition D145), composed again."""
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold()).casefold()
    return unicodedata.normalize(_OUR_FORM, folded)


def canonical_profile(url: str) -> str:
    """One spelling for all addresses of a profile, without a scheme: ``linkedin.com/in/aino``, ``github.com/aino``.

    For LinkedIn and GitHub the host's variants (www, mobile, a country), case, a closing slash, query and fragment say
    nothing; elsewhere the path's case and the query may name the person and are kept. Raises ValueError for what is no
    web address.
    """
    text = url.strip()
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or parts.username:
        raise ValueError("not a web address")
    host = _ascii_domain(parts.hostname.rstrip(".")).removeprefix("www.")
    if "." not in host:
        raise ValueError("not a web address")
    steps = [unicodedata.normalize(_OUR_FORM, unquote(step)) for step in parts.path.split("/") if step.strip()]
    query = parts.query.strip()
    port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    if host == "linkedin.com" or host.endswith(".linkedin.com"):
        host, port, steps, query = "linkedin.com", "", _linkedin(steps), ""
    elif host in {"github.com", "m.github.com", "gist.github.com"}:
        host, port, steps, query = "github.com", "", [_fold(step) for step in steps], ""
    path = "".join(f"/{quote(step, safe=_PLAIN)}" for step in steps)
    return f"{host}{port}{path}{'?' if query else ''}{query}"


def _linkedin(steps: list[str]) -> list[str]:
    """The steps that name a profile: ``in`` and the name after it, whatever stands before (a mobile or mail view) and
    behind (a language or a tab).
    """
    folded = [_fold(step) for step in steps]
    if "in" in folded[:-1]:
        start = folded.index("in")
        return folded[start : start + 2]
    return folded
