"""The table of ``python -m bench``: a row a piece of work, with its limit, its goal and its peers."""
