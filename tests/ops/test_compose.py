"""docker-compose.yml: what it must say."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any

import pytest
import yaml

from infra.embedded.nats import _binary
from infra.nats_users import USERS
from tests.ops.compose_run import TOP

TEXT = (TOP / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = frozenset(("provision", "cli"))
SECRET = re.compile(r"TOKEN|PASSWORD|SECRET")
SECRETS = {
    "WARMLINE_TOKEN", "WARMLINE_POSTGRES_PASSWORD", "WARMLINE_NATS_ROUTE_PASSWORD",
    *(user.password_variable for user in USERS),
}  # fmt: skip


def test_the_four_services_their_auditor_their_servers_and_two_one_shots_are_there():
    assert set(SERVICES) == {
        "nats", "nats-2", "nats-3", "postgres", "provision", "ingest", "triage", "notifier", "projections", "auditor",
        "cli",
    }  # fmt: skip
    assert {name for name, service in SERVICES.items() if service["restart"] == "no"} == {"provision", "cli"}


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOT))
def test_what_stays_up_has_a_health_check_and_comes_back(name):
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", ["ingest", "triage", "notifier", "projections", "auditor"])
def test_services_start_after_provisioning(name):
    assert SERVICES[name]["depends_on"] == {
        "nats": {"condition": "service_healthy"},
        "postgres": {"condition": "service_healthy"},
        "provision": {"condition": "service_completed_successfully"},
    }


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_containers_may_do_nothing_that_they_need_not(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid"} & service.keys()


def test_ports_are_open_on_loopback_only_and_the_servers_have_none():
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(ports) == {"ingest", "projections", "auditor"}
    assert all(str(port).startswith("127.0.0.1:") for each in ports.values() for port in each)
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert SERVICES["nats"]["networks"] == SERVICES["postgres"]["networks"] == ["inside"]


def test_no_secret_has_a_default():
    used = re.findall(r"\$\{(\w+)([^}]*)", TEXT)
    secrets = {(name, rest[:2]) for name, rest in used if SECRET.search(name)}
    assert secrets == {(name, ":?") for name in SECRETS}
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            assert not SECRET.search(key) or ":?" in value, key


QUOTAS = {f"WARMLINE_QUOTA_{name}" for name in ("RATE", "BURST", "SHARE")}


def test_the_example_names_every_variable_and_gives_no_secret():
    example = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", (TOP / ".env.example").read_text(), re.MULTILINE))
    optional = {"WARMLINE_SMTP_URL", "WARMLINE_DEADMAN_URL", "WARMLINE_DEADMAN_SECONDS", "COMPOSE_PROFILES", *QUOTAS}
    assert set(example) == {*re.findall(r"\$\{(\w+)", TEXT), *optional}
    assert {key for key in example if SECRET.search(key) and not example[key]} == SECRETS


def test_the_examples_own_lines_fill_in_every_secret(tmp_path):
    example = (TOP / ".env.example").read_text()
    lines = re.findall(r"^#   (.+)$", example, re.MULTILINE)
    (tmp_path / ".env.example").write_text(example)
    subprocess.run(["sh", "-ec", "\n".join(lines)], cwd=tmp_path, timeout=10, check=True)
    filled = dict(re.findall(r"^([A-Z_]+)=(.*)$", (tmp_path / ".env").read_text(), re.MULTILINE))
    assert set(filled) == SECRETS
    assert len(set(filled.values())) == len(SECRETS)
    assert all(re.fullmatch(r"[0-9a-f]{48}", value) for value in filled.values())


def test_each_service_is_a_user_of_its_own_on_nats():
    urls = {name: service.get("environment", {}).get("WARMLINE_NATS_URL") for name, service in SERVICES.items()}
    users = {name: url.removeprefix("nats://").partition(":")[0] for name, url in urls.items() if url}
    services = ("ingest", "triage", "notifier", "projections", "auditor")
    assert users == {**{name: name for name in services}, "provision": "operator", "cli": "operator"}


def test_the_same_uv_builds_the_image_and_the_environment():
    (in_image,) = re.findall(r"uv==([\d.]+)", (TOP / "infra/Dockerfile").read_text())
    (on_machine,) = re.findall(r"^UV_VERSION = ([\d.]+)$", (TOP / "Makefile").read_text(), re.MULTILINE)
    assert in_image == on_machine


@pytest.mark.parametrize("config", ["nats.conf", "cluster.conf"])
@pytest.mark.parametrize("password", ["0123456789", "5e12", "true", "s3cret"])
def test_nats_server_takes_its_configuration_with_any_password(tmp_path, config, password):
    told = SERVICES["nats"]["environment"]
    filled = {
        key: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", re.sub(r"\$\{\w+:\?[^}]*\}", password, value))
        for key, value in told.items()
    }
    environment = {**os.environ, **filled, "WARMLINE_NATS_STORE": f'"{tmp_path}"'}
    checked = subprocess.run(
        [_binary(), "-t", "-c", TOP / "infra/nats" / config],
        env=environment,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
