"""Taking one person out: who that is, where they are, and what is written instead."""
