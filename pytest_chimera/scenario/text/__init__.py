"""What a person writes: lines of steps, Gherkin, drafts; and the errors that name a line of it."""
