"""Words: how a step is cut into them, the vocabulary, the wordings, and what matches them."""
