"""What can go wrong between us and a disk or bucket, in words that say what to do."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

_ADVICE = {
    errno.ENOSPC: "no space left on the device; free some, then run the same command again: it goes on",
    errno.EDQUOT: "the disk quota is used up; free some space, then run the same command again",
    errno.EACCES: "permission denied; choose another OUT or ask for write permission",
    errno.EPERM: "not permitted; choose another OUT, or ask for the permission",
    errno.EROFS: "the file system is read-only; choose another OUT",
    errno.ENOTDIR: "a part of this path is a file, not a folder; choose another OUT",
    errno.EISDIR: "this is a folder where a file should be; move it away",
    errno.ENAMETOOLONG: "the name is too long for this file system",
    errno.EIO: "the device reports an input/output error; check the disk or the connection, then run again",
    errno.ESTALE: "the network file system lost the file; run the same command again",
    errno.EXDEV: "crosses file systems",
    errno.EOPNOTSUPP: "the file system cannot do this (hard links are needed); choose another OUT",
}
# Of these, what may pass without anybody's doing, or while the job still runs: others free space, a server comes back.
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE}
# Codes of S3's answers that retrying does not help.
_S3_ADVICE = {
    "NoSuchBucket": "there is no such bucket; create it, or correct the URL",
    "AccessDenied": "access denied; the credentials in the environment may not do this",
    "400": "the endpoint refuses the request; check AWS_REGION, AWS_ENDPOINT_URL and the credentials",
    "403": "access denied; the credentials in the environment may not do this, or there are none",
    "InvalidAccessKeyId": "the access key is unknown to this endpoint; check AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL",
    "SignatureDoesNotMatch": "the secret key does not fit the access key; check AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the session token has expired; renew it",
    "InvalidToken": "the session token is not valid; renew it, or unset AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "this machine's clock is wrong; set it, then run again",
    "PermanentRedirect": "the bucket is in another region; set AWS_REGION to the bucket's",
    "AuthorizationHeaderMalformed": "the bucket is in another region; set AWS_REGION to the bucket's",
    "301": "the bucket is in another region; set AWS_REGION to the bucket's",
    "InvalidBucketName": "this is no valid bucket name",
    "IllegalLocationConstraintException": "the bucket is in another region; set AWS_REGION to the bucket's",
    "NotImplemented": "the endpoint does not support conditional writes (If-None-Match), which commits need",
}


class StorageError(Exception):
    """Storage that cannot be read or written: what is wrong, where, and what to do.

    `lasting` where trying again does not help until somebody has put it right.
    """

    def __init__(self, message: str, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


@contextlib.contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn what the operating system or S3 reports into a StorageError; a missing file stays FileNotFoundError."""
    try:
        yield
    except OSError as error:
        code = s3_code(error)
        if code in _S3_ADVICE:
            raise StorageError(f"{where}: {_S3_ADVICE[code]}", lasting=True) from error
        if isinstance(error, FileNotFoundError):
            raise FileNotFoundError(errno.ENOENT, "no such file", where) from error
        if error.errno in _ADVICE and code is None:
            raise StorageError(f"{where}: {_ADVICE[error.errno]}", error.errno not in _PASSING) from error
        if type(error) is OSError and error.errno is None and code is None:
            raise  # not a device's or server's: what Arrow raises for a damaged file that was opened here
        raise StorageError(f"{where}: {error.strerror or error or type(error).__name__}") from error
    except (TypeError, ValueError) as error:
        # How fsspec and botocore refuse options, at the first request.
        if not any(words in str(error) for words in ("unexpected keyword argument", "Invalid endpoint")):
            raise
        raise StorageError(f"{where}: storage_options, source_options or AWS_ENDPOINT_URL: {error}", True) from error
    except Exception as error:
        # botocore raises its own kinds (no credentials, no connection), which are neither OSError nor imported here.
        if type(error).__module__.partition(".")[0] not in ("botocore", "aiobotocore", "aiohttp"):
            raise
        credentials = "Credentials" in type(error).__name__
        raise StorageError(f"{where}: {_botocore_advice(error)}", lasting=credentials) from error


def s3_code(error: BaseException) -> str | None:
    """The error code in S3's answer, where there was one."""
    response = getattr(error.__cause__, "response", None) or getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code")) if isinstance(response, dict) else None


def _botocore_advice(error: Exception) -> str:
    kind = type(error).__name__
    if kind in ("NoCredentialsError", "PartialCredentialsError"):
        return "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    if kind in ("EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError", "ClientConnectorError"):
        return "the endpoint does not answer; check AWS_ENDPOINT_URL and the network, then run again"
    return f"{kind}: {error}"
