"""A stateful stand-in of GitHub's REST API on 127.0.0.1.

Every request and every answer is held to GitHub's own OpenAPI description (`description.py`), and to what the
description leaves to words. `api.py` is the way of a request; each group of endpoints is a module with its `ROUTES`.
"""

from __future__ import annotations

from github_api.faults import Fault
from github_api.github import GitHub
from github_api.traffic import Request

__all__ = ["Fault", "GitHub", "Request"]
