"""What a run leaves behind: the workbook, the CSV, the inputs and the record."""
