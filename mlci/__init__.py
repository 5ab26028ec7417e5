"""mlci: code review for data and models. The public door to the statistics is `mlci.stats`."""

__version__ = "0.1.0"
