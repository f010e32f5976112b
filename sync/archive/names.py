"""What the files and folders of the archive are called."""

import re

ANALYSIS, CSV, REJECTS, RECORD = "analysis.xlsx", "hubspot.csv", "rejects.csv", "run.json"
PLAN, PLAN_DATA, REJECTS_WORKBOOK, CHANGES = "plan.xlsx", "plan.json", "rejects.xlsx", "changes.xlsx"
CONTACTS = "contacts.parquet"

INPUTS = "inputs"
"""The store of exports, and in the folder of a run the links to those that it used."""
NOTE = "forgotten.json"
"""Beside a kept export: people were taken out of it."""
UPLOADED = ".uploaded"
"""In the folder of a run: S3 holds the same."""
REMOVED = ".removed."
"""How the names of folders begin that are being removed."""

DAY = re.compile(r"(\d{4})/(\d\d)/(\d\d)")
RUN_ID = re.compile(r"\d{8}T\d{6}-\d{3}[0-9a-f]{4}")
SHA256 = re.compile(r"[0-9a-f]{64}")
