"""One module per product, each from its maker's documents."""
