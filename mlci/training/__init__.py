"""Training in a child process that mlci does not trust."""
