"""What tests of language models share."""

import pytest
from cards import card_of


@pytest.fixture(scope="session")
def small_card(smollm2):
    """The card of the small real model."""
    return card_of(smollm2)
