"""Many images on many workers: the plan, what a worker does, and how a run goes on after losses."""
