"""The alternatives on the same job: how fast, how many requests, and what each lost."""
