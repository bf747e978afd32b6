"""What is written, understood: the record of a run, Playwright's messages, a page's HTML, a hand-written test."""
