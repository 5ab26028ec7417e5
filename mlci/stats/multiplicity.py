"""Many gates, one promise: Holm's procedure (Holm 1979), as a level for each comparison's interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.stats.interval import Estimate


def holm(estimates: Sequence[Estimate], margins: Sequence[float], confidence: float) -> tuple[float, ...]:
    """The confidence of each comparison's interval, such that the decisions are Holm's.

    The hypotheses are that a true gain is not below −margin; one is rejected where its whole interval is. With k
    hypotheses left, all whose interval at 1 − (1 − confidence) / k lies below −margin are rejected at that level, and
    the others are judged again with those left, until none is rejected. Judging each interval at the level returned
    then rejects what Holm's procedure rejects, and where all hypotheses are true, any is rejected with a probability
    of at most 1 − confidence (of half of that, where the intervals' two tails are alike).

    Args:
        estimates: One for each gate. One without a gain cannot be rejected and is not counted.
        margins: The loss that each gate tolerates, ≥ 0.
        confidence: Family-wise, as in 0.95.

    Returns:
        A level for each estimate, in their order.
    """
    alpha = 1 - confidence
    waiting = [at for at, each in enumerate(estimates) if each.gain is not None]
    levels = [1 - alpha / max(1, len(waiting))] * len(estimates)
    while waiting:
        level = 1 - alpha / len(waiting)
        for at in waiting:
            levels[at] = level
        left = [at for at in waiting if not estimates[at].interval(level).high < -margins[at]]
        if len(left) == len(waiting):
            break
        waiting = left
    return tuple(levels)
