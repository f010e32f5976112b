"""The dead man's switch: an address that is asked after each run, so that silence is noticed elsewhere."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_exponential
from urllib3.exceptions import HTTPError

log = structlog.get_logger()

SECONDS = 10
ATTEMPTS = 3


def ping(url: str, *, is_well: bool, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Ask the address; for a failure, `/fail` below it, as healthchecks.io and others have it.

    Args:
        url: It is a secret.
        is_well: Whether the run did what it should.
        sleep: Waits between attempts.

    Returns:
        Whether somebody took it; nothing is ever raised.
    """
    address = url if is_well else fail_url(url)
    attempts = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=1, max=SECONDS),
        retry=retry_if_result(bool),
        retry_error_callback=_last_result,
        sleep=sleep,
    )
    problem = attempts(_problem_with, address)
    if problem:
        log.warning("heartbeat.unanswered", place=urlsplit(url).hostname, problem=problem)
    return not problem


def fail_url(url: str) -> str:
    """Where a failure is told."""
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/fail").geturl()


def _problem_with(url: str) -> str:
    """Ask once; what went wrong, without the address."""
    if not url.startswith(("http://", "https://")):
        return "it is no address that begins with https://; mend GOLDPAN_HEARTBEAT_URL"
    try:
        with urllib3.PoolManager(num_pools=1, timeout=SECONDS, retries=urllib3.Retry(0, redirect=3)) as pool:
            answer = pool.request("GET", url, headers={"Connection": "close"}, preload_content=False)
            answer.close()  # what it says is nobody's business
    except (HTTPError, ValueError) as error:  # ValueError: such as a host name with blanks
        cause = getattr(error, "reason", None) or error
        return type(cause).__name__
    return "" if 200 <= answer.status < 300 else f"it answered {answer.status}"


def _last_result(state: RetryCallState) -> str:
    return str(state.outcome.result()) if state.outcome else ""
