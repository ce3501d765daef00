"""The addresses of the project, which the package has if a workflow of its repository builds it."""

from __future__ import annotations

import os
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Addresses(MetadataHookInterface):
    """Set ``project.urls`` from the name of the repository."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the addresses; none are known where no workflow builds the package."""
        if repository := os.environ.get("GITHUB_REPOSITORY"):  # owner/name
            owner, name = repository.split("/")
            source = f"https://github.com/{repository}"
            metadata["urls"] = {
                "Documentation": f"https://{owner.lower()}.github.io/{name}/",
                "Source": source,
                "Issues": f"{source}/issues",
                "Changelog": f"{source}/blob/main/CHANGELOG.md",
            }
