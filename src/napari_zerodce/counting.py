"""A number with its noun, such as "1 source" and "2 sources"."""


def counted(number: int, noun: str) -> str:
    """Return a number and a noun, which is plural unless the number is 1.

    Parameters
    ----------
    number : int
    noun : str
        In the singular; its plural ends in "s".
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def there_are(*counts: tuple[int, str]) -> str:
    """Return "There is 1 source and 2 targets", or the like.

    Parameters
    ----------
    *counts : tuple of int and str
        Numbers and their nouns in the singular.
    """
    verb = "is" if counts[0][0] == 1 else "are"
    return f"There {verb} {' and '.join(counted(*count) for count in counts)}"
