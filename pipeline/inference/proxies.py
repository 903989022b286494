"""Which proxy a request goes through, by the environment: http_proxy, https_proxy, all_proxy and no_proxy."""

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from pipeline.errors import ModelUnavailable


def proxy_for(url: str) -> str | None:
    """The proxy for `url`, None for none: this machine itself is never reached through one. Asked once a
    client: aiohttp's `trust_env` reads the user's netrc and the environment again for every request. Raises
    ModelUnavailable for a proxy of a kind that is not spoken.
    """
    parts, proxies = urlsplit(url), getproxies()
    host = parts.hostname or ""
    if _is_here(host) or proxy_bypass(host) or _is_named(host, proxies.get("no", "")):
        return None
    proxy = proxies.get(parts.scheme, "").strip()
    if not proxy:
        proxy = proxies.get("all", "").strip()
        if proxy.lower().startswith("socks"):
            return None  # meant for other programs: it is not named for this scheme
    if not proxy:
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    kind = urlsplit(proxy).scheme
    if kind not in ("http", "https"):
        raise ModelUnavailable(
            f"{parts.scheme}_proxy names a proxy of the kind {kind}, which is not spoken; set it to an HTTP "
            f"proxy, or put {host} into no_proxy"
        )
    return proxy


def _is_here(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or host.endswith(".localhost") or (address is not None and address.is_loopback)


def _is_named(host: str, no_proxy: str) -> bool:
    """Whether the host's address is in one of the networks, or is one of the addresses, of `no_proxy`."""
    address = _address(host)
    if address is None:
        return False
    for name in no_proxy.replace(",", " ").split():
        try:
            if address in ipaddress.ip_network(name.strip("[]"), strict=False):
                return True
        except ValueError:  # a name, or an address with a port
            continue
    return False


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
