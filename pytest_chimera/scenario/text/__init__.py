"""What a person writes: lines of steps, Gherkin, drafts; and errors that point to a line of it."""
