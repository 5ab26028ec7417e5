"""Reading, fingerprinting, splitting and comparing datasets."""
