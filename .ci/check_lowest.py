"""Fail unless exactly the lower bounds of pyproject.toml are installed: else nothing tests them."""

import sys
from importlib.metadata import requires, version

from packaging.requirements import Requirement
from packaging.version import Version

wrong = []
for requirement in map(Requirement, requires("flask-statuskit") or []):
    if requirement.marker and not requirement.marker.evaluate({"extra": "example"}):
        continue
    for bound in requirement.specifier:
        if bound.operator == ">=" and Version(version(requirement.name)) != Version(bound.version):
            wrong.append(f"{requirement} in pyproject.toml, {version(requirement.name)} installed")
if wrong:
    sys.exit("\n".join(["pyproject.toml and .ci/lowest.txt differ:", *wrong]))
