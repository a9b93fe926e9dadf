"""Create-if-absent on S3, which ``pyarrow.fs`` has no call for: a conditional put.

``PutObject`` with ``If-None-Match: *`` fails where the key exists, also between writers of the
same moment (Amazon S3 User Guide, "Conditional writes"). It needs boto3, the
extra ``graphray[s3]``. The endpoint, region and keys that a URI names are those that
``pyarrow.fs`` reads from it; where it names none, boto3 looks where it always does.
"""

from __future__ import annotations

import importlib.util
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from graphray.errors import StoreError, missing_dependency

SCHEME = "s3"
# S3 answers 409 where another request on the key is under way, and asks to try again; the next
# answer tells who won.
_ATTEMPTS_MAX = 5


def require_boto3() -> None:
    """Raise MissingDependency where boto3 is not installed."""
    if importlib.util.find_spec("boto3") is None:
        raise missing_dependency("boto3", "s3", "publishing a store on S3")


def create_object(uri: str, path: str, content: bytes) -> bool:
    """Create an object, unless there is one.

    Args:
        uri: of the store, for the endpoint, region and keys.
        path: bucket and key, parted by the first ``/``.
        content: of the object.

    Returns:
        False where the object is already there, which is left as it is.

    Raises:
        StoreError: where S3 refuses, or cannot be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, key = path.partition("/")
    try:
        client = _client(uri)
        for _ in range(_ATTEMPTS_MAX):
            try:
                client.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
                return True
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "PreconditionFailed":
                    return False
                if code != "ConditionalRequestConflict":
                    raise
    except (BotoCoreError, ClientError) as error:
        raise StoreError(f"cannot create s3://{path}: {error}", path=path) from error
    raise StoreError(f"cannot create s3://{path}: another writer holds it; try again", path=path)


def _client(uri: str) -> Any:
    import boto3

    address = urlsplit(uri)
    options = {name: values[-1] for name, values in parse_qs(address.query).items()}
    endpoint = options.get("endpoint_override")
    if endpoint and "://" not in endpoint:
        endpoint = f"{options.get('scheme', 'https')}://{endpoint}"
    return boto3.client(
        "s3",
        region_name=options.get("region"),
        endpoint_url=endpoint,
        aws_access_key_id=unquote(address.username) if address.username else None,
        aws_secret_access_key=unquote(address.password) if address.password else None,
    )
