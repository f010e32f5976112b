"""`goldpan serve`: runs, checks and repairs at their time, for months, with nobody looking."""
