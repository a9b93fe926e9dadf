"""The cluster files are what Ray accepts, and what they mention exists."""

import subprocess
from pathlib import Path

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

ROOT = Path(__file__).parents[2]
RAY_UP_FILES = ["cluster.yaml", "deploy/aws.yaml"]
COMMANDS = ("setup_commands", "head_start_ray_commands", "worker_start_ray_commands")


def load(name):
    return yaml.safe_load((ROOT / name).read_text())


@pytest.fixture(params=RAY_UP_FILES)
def config(request):
    return load(request.param)


def test_ray_accepts_the_file(config):
    # The schema forbids unknown keys; prepare_config is what `ray up` does before it validates.
    validate_config(prepare_config(config))


def test_a_misspelt_key_would_be_noticed(config):
    config["idle_timeout_minute"] = 5
    with pytest.raises(Exception, match="idle_timeout_minute"):
        validate_config(prepare_config(config))


def test_every_mounted_path_is_in_the_checkout(config):
    # README.md is what the package's metadata reads; all of these are needed to install it.
    assert all((ROOT / local).exists() for local in config["file_mounts"].values())


def test_the_commands_are_shell(config):
    for command in (command for key in COMMANDS for command in config[key]):
        subprocess.run(["bash", "-n", "-c", command], check=True)


def test_authentication_is_set_wherever_ray_is_started(config):
    starts = [c for key in COMMANDS for c in config[key] if "ray start" in c]
    assert len(starts) == 2
    assert all("RAY_AUTH_MODE=" in command for command in starts)


def test_the_local_cluster_keeps_every_machine():
    config = load("cluster.yaml")
    prepared = prepare_config(config)
    (node_type,) = prepared["available_node_types"].values()
    assert node_type["min_workers"] == len(config["provider"]["worker_ips"])
    # Version 2 counts the head among these.
    (start,) = [command for command in config["head_start_ray_commands"] if "ray start" in command]
    assert "RAY_enable_autoscaler_v2=0" in start


def test_kuberay_gives_the_object_store_its_memory():
    spec = load("deploy/kuberay.yaml")["spec"]
    (workers,) = spec["workerGroupSpecs"]
    assert workers["minReplicas"] <= workers["replicas"] <= workers["maxReplicas"]
    pod = workers["template"]["spec"]
    memory = {v["name"] for v in pod["volumes"] if v["emptyDir"]["medium"] == "Memory"}
    mounts = {m["name"]: m["mountPath"] for m in pod["containers"][0]["volumeMounts"]}
    assert [mounts[name] for name in memory] == ["/dev/shm"]


def test_one_version_of_ray_everywhere():
    pinned = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
    tag = f"rayproject/ray:{pinned['ray']}-py311"
    assert load("deploy/aws.yaml")["docker"]["image"] == tag
    assert f"FROM {tag}" in (ROOT / "deploy/Dockerfile").read_text()
    assert load("deploy/kuberay.yaml")["spec"]["rayVersion"] == pinned["ray"]
