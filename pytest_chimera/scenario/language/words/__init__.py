"""Words: splitting steps into words, the vocabulary, the wordings, and the pattern matcher."""
