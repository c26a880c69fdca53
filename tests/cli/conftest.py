"""What tests of commands share: servers."""

import pytest
from serve_world import Server


@pytest.fixture
def start(tmp_path_factory):
    """Start servers that end with the test."""
    begun = []

    def start(*arguments, folder=None, limits=None):
        begun.append(Server(folder or tmp_path_factory.mktemp("s"), *arguments, limits=limits))
        return begun[-1]

    yield start
    for server in begun:
        server.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for the tests that leave it as it was."""
    server = Server(tmp_path_factory.mktemp("s"))
    yield server
    server.kill()
