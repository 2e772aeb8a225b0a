"""Many bags: one after the other or in several processes, with progress and a summary."""
