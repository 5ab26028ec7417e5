"""The stand-in alone: prints its address and answers until it is ended."""

from __future__ import annotations

import argparse
import signal
import threading

from github_api.github import GitHub


def main() -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(prog="github_api", description="A stand-in of GitHub's REST API on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--repository", default="octo/flights", help="owner/name")
    parser.add_argument("--prefix", default="", help="/api/v3 as on Enterprise Server")
    parser.add_argument("--default-branch", default="main")
    given = parser.parse_args()
    ending = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: ending.set())
    repository, branch = given.repository, given.default_branch
    with GitHub(repository, port=given.port, prefix=given.prefix, default_branch=branch) as github:
        print(github.url, flush=True)
        ending.wait()


if __name__ == "__main__":
    main()
