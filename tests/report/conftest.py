"""A browser for all pages."""

import browser
import pytest


@pytest.fixture(scope="package")
def tab():
    """Opened once."""
    with browser.Browser() as opened:
        yield opened
