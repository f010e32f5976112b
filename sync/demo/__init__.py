"""`goldpan demo`: sample exports and a sandbox, to see a whole run without an account."""
