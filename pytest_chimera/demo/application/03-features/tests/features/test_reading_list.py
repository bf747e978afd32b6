"""What the reading list should do next. ``pytest --chimera`` has it built and proves it."""

import pytest


@pytest.mark.feature("A reader can add a book", url="/")
def test_add_book():
    """
    When I fill "Title" with "The Waves"
    And I fill "Author" with "Virginia Woolf"
    And I press the "Add" button
    Then I should see "The Waves" in the list "To read"
    When I reload the page
    Then I should see "The Waves" in the list "To read"
    """


@pytest.mark.feature("A reader can finish a book", url="/", after="test_add_book")
def test_finish_book():
    """
    When I press the "Mark as finished" button in the list item "Middlemarch"
    Then I should see "Middlemarch" in the list "Finished"
    And I should not see "Middlemarch" in the list "To read"
    When I reload the page
    Then I should see "Middlemarch" in the list "Finished"
    """


@pytest.mark.feature("A reader can search the list", url="/", after="test_finish_book")
def test_search():
    """
    When I fill "Search" with "le guin"
    And I press Enter
    Then I should see "The Dispossessed" in the list "To read"
    And I should see 2 items in the list "To read"
    And I should not see "Beloved"
    """
