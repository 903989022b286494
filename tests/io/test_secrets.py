"""Secrets come from the environment alone; what a setting holds is published."""

import os

import pytest

from pipeline.errors import RecipeError, StoreError
from pipeline.inference.server import environment
from pipeline.io.secrets import has_login, is_secret, without_logins
from pipeline.model import ModelSpec
from pipeline.recipes import load_recipe
from pipeline.storage.root import Root

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("HF_TOKEN", "hf_abc", True),
        ("HF_TOKEN", "$HF_TOKEN", False),
        ("HF_TOKEN", "${MY_TOKEN}", False),
        ("HF_TOKEN", "", False),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", True),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", True),
        ("api_key", "abc", True),
        ("api-key", "abc", True),
        ("OPENAI_API_KEY", "sk-abc", True),
        ("WANDB_PASSWORD", "x", True),
        ("Authorization", "Bearer abc", True),
        ("MY_SETTING", "hf_abcdefghijklmnopqrst", True),
        ("extra", JWT, True),
        ("ENDPOINT", "https://anna:pw@example.org/v1", True),
        ("tokenizer", "/models/tokenizer", False),
        ("tokenizer_mode", "slow", False),
        ("max_num_batched_tokens", 4096, False),
        ("trust_remote_code", True, False),
        ("VLLM_CPU_KVCACHE_SPACE", "4", False),
        ("ssl_keyfile", "/etc/key.pem", False),
        ("NCCL_SOCKET_IFNAME", "eth0", False),
        ("served_by", "http://host:8000/v1", False),
        ("note", "mail anna@example.org", False),
        ("HF_HUB_OFFLINE", "1", False),
    ],
)
def test_what_is_a_secret(name: str, value: object, secret: bool) -> None:
    assert is_secret(name, value) is secret


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("http://anna:pw@host/a.txt", "http://***@host/a.txt"),
        ("sftp://anna@host/a", "sftp://***@host/a"),
        ("cannot read https://:pw@host/a and more", "cannot read https://***@host/a and more"),
        ("http://host/a@b.txt", "http://host/a@b.txt"),
        ("s3://bucket/key?x=a@b", "s3://bucket/key?x=a@b"),
        ("anna@example.org", "anna@example.org"),
        ("git@github.com:a/b", "git@github.com:a/b"),
    ],
)
def test_logins_in_urls_are_masked(text: str, masked: str) -> None:
    assert without_logins(text) == masked
    assert has_login(text) is (masked != text)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ("planner.vllm_env={HF_TOKEN: hunter2}", "vllm_env.HF_TOKEN"),
        ("planner.vllm_env={A: hf_hunter2hunter2hunter2}", "vllm_env.A"),
        ("planner.vllm_args={api_key: hunter2}", "vllm_args.api_key"),
        ("planner.vllm_args={hf-token: hunter2}", "vllm_args.hf-token"),
        ("planner={name: m, serve: endpoint, url: 'http://anna:hunter2@host/v1'}", "url must hold"),
        ("planner={name: m, serve: endpoint, url: 'http://host/v1?api_key=hunter2'}", "url must hold"),
        ("planner={name: m, serve: endpoint, url: 'http://host/v1?a=b&token=hunter2'}", "url must hold"),
        ('planner.vllm_args={hf_overrides: \'{"auth_token": "hunter2"}\'}', "vllm_args.hf_overrides"),
        ("planner.vllm_args={hf_overrides: {a: {auth_token: hunter2}}}", "vllm_args.hf_overrides"),
        ("earlier=['https://anna:hunter2@host/rows.jsonl']", "earlier.0"),
        ("contamination.benchmarks=['https://anna:hunter2@host/rows.jsonl']", "contamination.benchmarks.0"),
    ],
)
def test_a_secret_in_the_settings_is_refused_and_not_repeated(settings: str, key: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe("instruct", "laptop", [settings], {})
    assert key in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_secret_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = load_recipe("instruct", "laptop", ["planner.vllm_env={HF_TOKEN: $MY_TOKEN}"], {})
    assert recipe.settings_as_data()["planner"]["vllm_env"] == {"HF_TOKEN": "$MY_TOKEN"}
    spec = ModelSpec(name="m", path="/m", vllm_env={"HF_TOKEN": "$MY_TOKEN", "PLAIN": "1"})
    monkeypatch.setenv("MY_TOKEN", "hunter2")
    assert environment(spec).items() >= {"HF_TOKEN": "hunter2", "PLAIN": "1"}.items()
    monkeypatch.delenv("MY_TOKEN")
    with pytest.raises(RecipeError, match="MY_TOKEN, which is not set"):
        environment(spec)
    assert "hunter2" not in os.environ.values()


def test_a_root_with_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(StoreError) as caught:
        Root("sftp://anna:hunter2@host/runs")
    assert "hunter2" not in str(caught.value)
    assert "sftp://***@host/runs" in str(caught.value)
