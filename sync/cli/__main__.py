"""`python -m sync.cli` is `goldpan`."""

from sync.cli import main

main()
