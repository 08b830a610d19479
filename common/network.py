"""Where a request comes from, never more exactly than a limit needs."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address of the client, believing only as many proxies as the settings name (ASVS 4.1.3)."""
    remote = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES:
        return remote
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    chain = [*forwarded, remote]
    address: str = chain[max(0, len(chain) - 1 - settings.TRUSTED_PROXIES)]
    return address


def address_prefix(request: HttpRequest) -> str:
    """The /24 or /48 that the client is in; "unknown" where there is no address. Limits count by it."""
    try:
        address = ip_address(client_address(request))
    except ValueError:
        return "unknown"
    return str(ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))
