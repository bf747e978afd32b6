"""The Playwright idiom of each intent."""
