"""One module per group of indicators; being there is being registered."""
