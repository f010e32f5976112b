"""Datasets: exports of many files or of more rows than memory holds, read where they lie.

:mod:`.listing` finds their files, :mod:`.manifest` writes down which they are: that is what the archive keeps.
:mod:`.parts` reads them piece by piece, each as an export of its own; an engine (:mod:`sync.engines`) says where.
"""
