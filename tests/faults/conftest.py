"""What the tests of faults share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.runs import JobServer, job_server


@pytest.fixture(scope="session")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobServer]:
    """The server that forks jobs."""
    with job_server(tmp_path_factory.mktemp("job-server")) as server:
        yield server
