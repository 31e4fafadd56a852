"""What is put on the terminal: rows, drawn again only where they changed."""
