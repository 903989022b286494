"""Which proxy is taken, by the environment."""

import pytest

from pipeline.errors import ModelUnavailable
from pipeline.inference.proxies import proxy_for

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
FAR = "http://203.0.113.7:8000/v1"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("url", "names", "proxy"),
    [
        (FAR, {}, None),
        (FAR, {"http_proxy": "http://p:3128"}, "http://p:3128"),
        (FAR, {"HTTP_PROXY": "http://p:3128"}, "http://p:3128"),
        (FAR, {"http_proxy": "p:3128"}, "http://p:3128"),
        (FAR, {"http_proxy": "10.0.0.1:3128"}, "http://10.0.0.1:3128"),
        (FAR, {"http_proxy": ""}, None),
        (FAR, {"http_proxy": " "}, None),
        (FAR, {"https_proxy": "http://p:3128"}, None),
        ("https://api.example.com/v1", {"https_proxy": "p:3128"}, "http://p:3128"),
        (FAR, {"all_proxy": "p:3128"}, "http://p:3128"),
        (FAR, {"ALL_PROXY": "socks5h://p:1080"}, None),
        (FAR, {"http_proxy": "http://p:3128", "no_proxy": "*"}, None),
        (FAR, {"http_proxy": "http://p:3128", "no_proxy": "203.0.113.7"}, None),
        (FAR, {"http_proxy": "http://p:3128", "no_proxy": "203.0.113.0/24"}, None),
        (FAR, {"http_proxy": "http://p:3128", "no_proxy": "localhost, 203.0.0.0/8 ,x"}, None),
        (FAR, {"http_proxy": "http://p:3128", "no_proxy": "203.0.114.0/24,10.0.0.0/8,a/b"}, "http://p:3128"),
        ("http://[2001:db8::7]/v1", {"http_proxy": "p:1", "no_proxy": "2001:db8::/32"}, None),
        ("http://[2001:db8::7]/v1", {"http_proxy": "p:1", "no_proxy": "[2001:db8::7]"}, None),
        ("http://[2001:db8::7]/v1", {"http_proxy": "p:1", "no_proxy": "10.0.0.0/8"}, "http://p:1"),
        ("http://gpu.example.com/v1", {"http_proxy": "p:1", "no_proxy": ".example.com"}, None),
        ("http://gpu.example.org/v1", {"http_proxy": "p:1", "no_proxy": ".example.com"}, "http://p:1"),
        ("http://127.0.0.1:8000/v1", {"http_proxy": "http://p:3128"}, None),
        ("http://127.1.2.3:8000/v1", {"http_proxy": "http://p:3128"}, None),
        ("http://localhost:8000/v1", {"http_proxy": "http://p:3128"}, None),
        ("http://[::1]:8000/v1", {"http_proxy": "http://p:3128"}, None),
        ("http://127.example.com/v1", {"http_proxy": "p:1"}, "http://p:1"),
    ],
)
def test_the_proxy_of_the_environment_is_taken_where_it_is_meant(
    url: str, names: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


def test_a_proxy_that_is_not_spoken_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://me:secret@p:1080")
    with pytest.raises(ModelUnavailable, match=r"http_proxy .* kind socks5") as caught:
        proxy_for(FAR)
    assert "secret" not in str(caught.value)
