"""What to install where a library is missing: textcnn answers without most of those that it learns with.

It is imported when one is missing.
"""

import re
import shlex

__all__ = ["advice"]

_PACKAGES = {
    "sklearn": "scikit-learn",
    "prometheus_client": "prometheus-client",
    "sentence_transformers": "sentence-transformers",
}  # whose module has another name
_EXTRA = re.compile(r"""extra == ['"]([\w-]+)['"]""")


def advice(error: ModuleNotFoundError) -> str:
    """What is missing, and the command that installs it with all that is missing for the same purpose."""
    module = (error.name or "a library").partition(".")[0]
    package = _PACKAGES.get(module, module)
    wanted = next((group for group in _groups() if package in map(_package, group)), [package])
    missing = " ".join(shlex.quote(requirement) for requirement in wanted if not _is_there(_package(requirement)))
    return f"this needs {package}, which is not installed: pip install {missing or package}"


def _groups() -> list[list[str]]:
    """The requirements of the package, then those of each of its extras."""
    from importlib.metadata import PackageNotFoundError, requires

    groups: dict[str, list[str]] = {"": []}
    try:
        declared = requires("textcnn") or []
    except PackageNotFoundError:  # it runs from its sources
        declared = []
    for requirement in declared:
        name, _, marker = requirement.partition(";")
        extra = _EXTRA.search(marker)
        groups.setdefault(extra[1] if extra else "", []).append(name.strip())
    return list(groups.values())


def _package(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    return found[0] if found else ""


def _is_there(package: str) -> bool:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True
