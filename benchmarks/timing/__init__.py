"""How long things take: in turns, beside the published code, and beside the machine's limits."""
