"""Where text is generated, and what it takes to get a model there."""
