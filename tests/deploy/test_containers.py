"""What the container files name exists: commands, settings, files. (No container runs here.)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from newsletter.config import load
from tests.deploy.commands import COMMANDS
from tests.tools import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = ["compose.yml", "compose.cluster.yml"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def services(name: str) -> dict[str, dict[str, Any]]:
    """Return the services of a compose file that are ours."""
    read = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return {key: each for key, each in read["services"].items() if each["image"] == "newsletter"}


def manifests() -> Iterator[dict[str, Any]]:
    yield from yaml.safe_load_all((DEPLOY / "kubernetes" / "newsletter.yaml").read_text(encoding="utf-8"))


def pods() -> Iterator[dict[str, Any]]:
    for each in manifests():
        if each["kind"] == "Deployment":
            yield each["spec"]["template"]["spec"]


def stands_for(value: object) -> str:
    """Return a value with what the shell would put in."""
    return re.sub(r"\$\{[^}]*\}", "news.example.com", str(value))


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_runs_commands_there_are_in_locked_containers(name: str) -> None:
    ours = services(name)

    assert ours
    for each in ours.values():
        assert each["command"][0] in COMMANDS
        assert each["read_only"] is True
        assert each["cap_drop"] == ["ALL"]
        assert each["user"] == "10001:10001"
        assert "no-new-privileges:true" in each["security_opt"]


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_sets_what_can_be_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in services(name).values():
        for key, value in each["environment"].items():
            monkeypatch.setenv(key, stands_for(value))

        settings = load(ROOT / "config.toml")  # a key that is not known is an error

        assert settings.public_url == "https://news.example.com"
        assert len(settings.web.trusted_proxies) == 1


@pytest.mark.parametrize("name", COMPOSE)
def test_who_sends_is_given_time_to_end(name: str) -> None:
    senders = [each for each in services(name).values() if each["command"][0] in ("run", "worker")]

    assert [each["stop_grace_period"] for each in senders] == ["90s"] * len(senders)


def test_every_file_that_the_image_copies_is_there() -> None:
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.M)
        for source in line.split()[:-1]
    ]
    let_in = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())

    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in let_in, f"{source} is kept out by .dockerignore"


def test_the_image_is_not_roots() -> None:
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]

    assert re.search(r"^USER 10001:10001$", last, re.M)
    assert re.search(r'^CMD \["run"\]$', last, re.M)


def test_kubernetes_runs_commands_there_are_in_locked_containers() -> None:
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        for each in [*pod["initContainers"], *pod["containers"]]:
            assert each["args"][0] in COMMANDS
            assert each["securityContext"] == {
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            }


def test_kubernetes_mounts_what_it_declares_and_sets_what_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for pod in pods():
        declared = {volume["name"] for volume in pod["volumes"]}
        for each in [*pod["initContainers"], *pod["containers"]]:
            assert {mount["name"] for mount in each["volumeMounts"]} <= declared
    config = next(each for each in manifests() if each["kind"] == "ConfigMap")
    for key, value in config["data"].items():
        monkeypatch.setenv(key, value)

    assert load(ROOT / "config.toml").database.instance == "production"
