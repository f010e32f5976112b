"""One kind of cell each, whole columns at a time: texts, ids, e-mails, dates, money and names.

Every reader takes a Series of cells as delivered (object dtype, :data:`goldpan.model.Cell`) and gives a frame on the
same index with the value and a ``reason`` (str, missing where there is nothing to say).
"""
