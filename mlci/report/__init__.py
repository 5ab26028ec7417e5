"""Results → what people read: the comment, the HTML page, the terminal, the model card."""
