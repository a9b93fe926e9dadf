"""What is installed on the hosts beforehand: everything but GraphRay, which ``ray up`` brings.

No package index can be reached from a host. So the environment that `cluster.yaml` makes where it
is not there is there already, and finds the packages of the environment that runs the tests, all of
what GraphRay needs among them; GraphRay itself is built and installed into it by `cluster.yaml`.
"""

from __future__ import annotations

import sysconfig
import venv
from importlib.util import find_spec

from tests.cluster.hosts import HOME, home_of

ENVIRONMENT = HOME / "graphray-env"

# Such as installing them would have written; this pip takes what is there.
_SCRIPT = """\
#!{python}
import sys
from {module} import main
sys.argv += {more}
sys.exit(main())
"""
_SCRIPTS = {
    "pip": ("pip._internal.cli.main", ["--no-index", "--no-build-isolation"]),
    "ray": ("ray.scripts.scripts", []),
}


def install(name: str) -> None:
    """Prepare the home of a host that is not yet running."""
    home = home_of(name)
    environment = home / ENVIRONMENT.name
    venv.create(environment, symlinks=True)
    packages = environment / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    # Behind its own packages, so that GraphRay is what has been installed on the host.
    (packages / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = ENVIRONMENT / "bin" / "python"
    for script, (module, more) in _SCRIPTS.items():
        path = environment / "bin" / script
        path.write_text(_SCRIPT.format(python=python, module=module, more=more))
        path.chmod(0o755)
    (home / ".bashrc").write_text("export RAY_USAGE_STATS_ENABLED=0\n")


def missing() -> list[str]:
    """The packages that building GraphRay on a host needs, and the tests' environment lacks."""
    return [package for package in ("pip", "setuptools") if find_spec(package) is None]
