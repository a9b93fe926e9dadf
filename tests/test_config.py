"""Settings that cannot be, refused where they are made."""

from __future__ import annotations

import pytest

import graphray as gr
from graphray.errors import ArgumentError


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"hedge_share": 1.5}, "hedge_share = 1.5"),
        ({"hedge_share": -0.1}, "hedge_share = -0.1"),
        ({"try_timeout_s": 90.0}, "try_timeout_s = 90.0"),
        ({"backoff_s": 0.0}, "backoff_s = 0.0"),
    ],
)
def test_a_call_policy_says_which_field_is_wrong(fields: dict[str, float], named: str) -> None:
    with pytest.raises(ArgumentError, match=named):
        gr.CallPolicy(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["queue_s_max", "start_timeout_s"])
def test_launch_options_want_times_above_zero(name: str) -> None:
    with pytest.raises(ArgumentError, match=f"{name} = 0"):
        gr.LaunchOptions(**{name: 0.0})  # type: ignore[arg-type]
