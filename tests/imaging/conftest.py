"""Settings of the property tests."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is no failure.
settings.register_profile("imaging", deadline=None)
settings.load_profile("imaging")
