"""`python -m mlci` is the command `mlci`."""

from mlci.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
