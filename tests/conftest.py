"""Backends for the tests that name them. `make test` starts them once and passes their addresses."""

import os

import pytest

BACKENDS = {
    "kafka": "LEADOPS_TEST_KAFKA",
    "mongo": "LEADOPS_TEST_MONGO",
    "docker": "LEADOPS_TEST_DOCKER",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name, variable in BACKENDS.items():
            if item.get_closest_marker(name) and not os.environ.get(variable):
                item.add_marker(
                    pytest.mark.skip(reason=f"no {name} backend ({variable} is not set)")
                )


@pytest.fixture(scope="session")
def mongo_url() -> str:
    return os.environ["LEADOPS_TEST_MONGO"]


@pytest.fixture(scope="session")
def kafka_address() -> str:
    return os.environ["LEADOPS_TEST_KAFKA"]
