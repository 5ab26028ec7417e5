"""GitHub: the only room that talks to it. Comment, check run, annotations, summary, outputs, artifacts."""
