"""What the candidates are compared with."""
