"""Who reads the newsletters: people, their consent, and whom we may never mail."""
