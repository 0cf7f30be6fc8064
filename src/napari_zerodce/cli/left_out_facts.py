"""The sentences about facts of a source that its result does not have."""

from __future__ import annotations

from collections.abc import Sequence


def sentences(suffix: str, left_out: Sequence[str], lost: Sequence[str]) -> str:
    """Return sentences for users, "" if the result has all facts.

    Parameters
    ----------
    suffix : str
        Of the result.
    left_out : sequence of str
        Names of the facts that its format cannot hold.
    lost : sequence of str
        Names of what reading could not keep for any format.
    """
    article = "an" if suffix[1:2] in "aeio" else "a"
    told = f"{article} {suffix} file cannot hold {', '.join(left_out)}; "
    told += f"{'it is' if len(left_out) == 1 else 'they are'} left out."
    gone = f"not kept of the source: {', '.join(lost)}."
    return " ".join([*([told] if left_out else []), *([gone] if lost else [])])
