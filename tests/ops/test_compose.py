"""docker-compose.yml: what it must say."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from typing import Any

import pytest
import yaml

from infra.embedded.nats import _binary
from tests.ops.compose_run import TOP

TEXT = (TOP / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CORE = {"nats-volume", "nats", "postgres", "provision", "ingest", "triage", "notifier", "projections", "auditor"}
PROFILES = {
    "cluster": {"nats-2-volume", "nats-2", "nats-3-volume", "nats-3"},
    "observability": {"collector", "prometheus", "alertmanager", "grafana"},
    "cli": {"cli"},
}
SECRET = re.compile(r"TOKEN|PASSWORD|SECRET|SMTP|EMAIL_KEY")
ONE_SHOT = {"nats-volume", "nats-2-volume", "nats-3-volume", "provision", "cli"}


def test_the_core_needs_no_profile_and_what_is_more_has_one():
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == CORE
    for profile, names in PROFILES.items():
        assert {name for name, service in SERVICES.items() if service.get("profiles") == [profile]} == names
    assert {name for name, service in SERVICES.items() if service["restart"] == "no"} == ONE_SHOT


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOT))
def test_what_stays_up_has_a_health_check_and_a_limit_and_comes_back(name):
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert {"memory", "pids"} <= SERVICES[name]["deploy"]["resources"]["limits"].keys()
    if name != "collector":  # nothing in its image could ask
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
    assert not {"privileged", "pid"} & service.keys()
    gives_a_volume_away = name.endswith("-volume")
    assert service.get("cap_add") == (["CHOWN", "DAC_OVERRIDE"] if gives_a_volume_away else None)
    assert service.get("network_mode") == ("none" if gives_a_volume_away else None)


def test_ports_are_open_on_loopback_only_and_the_servers_have_none():
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(ports) == {"ingest", "projections", "auditor", "prometheus", "alertmanager", "grafana"}
    assert all(str(port).startswith("127.0.0.1:") for each in ports.values() for port in each)
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert SERVICES["nats"]["networks"] == SERVICES["postgres"]["networks"] == ["inside"]


def test_secrets_stand_in_files_and_each_container_has_those_that_it_needs():
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            assert not SECRET.search(key) or str(value).startswith(("/run/secrets/", "/integrators")), key
            if str(value).startswith("/run/secrets/"):
                assert str(value).removeprefix("/run/secrets/") in service["secrets"], key
    assert {name for name in COMPOSE["secrets"] if name.startswith("nats_")} == set(SERVICES["nats"]["secrets"])
    for name in ("ingest", "triage", "notifier", "projections", "auditor"):
        assert [secret for secret in SERVICES[name]["secrets"] if secret.startswith("nats_")] == [f"nats_{name}"]


def test_the_script_makes_every_secret_once_and_nobody_else_enters_their_folder(tmp_path):
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run(["sh", TOP / "infra/compose-secrets.sh", folder], timeout=10, check=True)
        made = {file.name: file.read_text() for file in folder.iterdir()}
        assert {f"${{WARMLINE_SECRETS:-./secrets}}/{name}" for name in made} == {
            secret["file"] for secret in COMPOSE["secrets"].values()
        }
        assert made.pop("smtp-url") == ""
        assert all(re.fullmatch(r"[0-9a-f]{48}", value) for value in made.values())
        assert len(set(made.values())) == len(made)
        (folder / "token").write_text("f" * 48)
    assert made["token"] == "f" * 48
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o644}


def test_the_example_names_every_variable():
    example = set(re.findall(r"^#([A-Z_]+)=", (TOP / ".env.example").read_text(), re.MULTILINE))
    passed_on = {
        key for service in SERVICES.values() for key, value in service.get("environment", {}).items() if value is None
    }
    assert example == {*re.findall(r"\$\{(\w+)", TEXT), *passed_on, "COMPOSE_PROFILES"}


def test_each_service_is_a_user_of_its_own_on_nats():
    urls = {name: service.get("environment", {}).get("WARMLINE_NATS_URL") for name, service in SERVICES.items()}
    users = {name: url.removeprefix("nats://").partition("@")[0] for name, url in urls.items() if url}
    services = ("ingest", "triage", "notifier", "projections", "auditor")
    assert users == {**{name: name for name in services}, "provision": "operator", "cli": "operator"}


def test_the_same_uv_builds_the_image_and_the_environment():
    (in_image,) = re.findall(r"uv==([\d.]+)", (TOP / "infra/Dockerfile").read_text())
    (on_machine,) = re.findall(r"^UV_VERSION = ([\d.]+)$", (TOP / "Makefile").read_text(), re.MULTILINE)
    assert in_image == on_machine


@pytest.mark.parametrize("config", ["nats.conf", "cluster.conf"])
@pytest.mark.parametrize("password", ["0123456789", "5e12", "true", "s3cret"])
def test_nats_server_takes_its_configuration_with_any_password(tmp_path, config, password):
    for name in SERVICES["nats"]["secrets"]:
        (tmp_path / name).write_text(password)
    told = SERVICES["nats"]["environment"]
    filled = {key: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for key, value in told.items()}
    checked = subprocess.run(
        ["sh", TOP / "infra/nats/with-secrets.sh", _binary(), "-t", "-c", TOP / "infra/nats" / config],
        env={**os.environ, **filled, "WARMLINE_NATS_STORE": f'"{tmp_path}"', "WARMLINE_NATS_SECRETS": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
