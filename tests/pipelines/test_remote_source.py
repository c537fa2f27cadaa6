"""Corpora in a bucket, read where they lie: the same plans, shards and records as from a disk."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import s3fs

from pipelines import catalogue
from pipelines.corpus_path import RemotePath, corpus_path
from tests.pipelines.corpora import shards_of
from tests.pipelines.sources.fixtures import FIXTURES
from tests.shards.building import contents

pytestmark = pytest.mark.slow

BUCKET = f"corpora-{uuid.uuid4().hex[:12]}"


class Bucket:
    """A bucket for corpora, and what to pass as SOURCE."""

    def __init__(self, endpoint: str) -> None:
        self.options = {"endpoint_url": endpoint}
        self.fs = s3fs.S3FileSystem(endpoint_url=endpoint, use_listings_cache=False, skip_instance_cache=True)
        if not self.fs.exists(BUCKET):
            self.fs.mkdir(BUCKET)

    def hold(self, folder: Path, name: str) -> str:
        """Upload a folder; its URL."""
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        self.fs.pipe({f"{BUCKET}/{name}/{path}": data for path, data in files.items()})
        return f"s3://{BUCKET}/{name}"

    def path(self, url: str) -> RemotePath:
        """SOURCE as a job sees it."""
        found = corpus_path(url, self.options)
        assert isinstance(found, RemotePath)
        return found


@pytest.fixture(scope="module")
def bucket(endpoint: str) -> Iterator[Bucket]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield Bucket(endpoint)


@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_a_bucket_gives_the_bytes_that_a_disk_gives(name: str, bucket: Bucket, tmp_path: Path) -> None:
    cls, fixture = catalogue.find(name), FIXTURES[name](tmp_path / "corpus")
    there = bucket.path(bucket.hold(fixture.source, f"{name}/{fixture.source.name}"))
    roots = {key: bucket.path(bucket.hold(root, f"{name}/{key}")) for key, root in fixture.roots.items()}
    for split in fixture.records:
        here = list(cls(fixture.source, fixture.roots).records(split))
        assert list(cls(there, roots).records(split)) == here
        shards_of(cls(fixture.source, fixture.roots), split, tmp_path / "disk")
        shards_of(cls(there, roots), split, tmp_path / "bucket")
    assert contents(tmp_path / "disk") == contents(tmp_path / "bucket")
    assert not any(BUCKET.encode() in data for data in contents(tmp_path / "bucket").values())
