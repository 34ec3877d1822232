"""What a server does by itself, and tasks for people. Asks nobody to confirm anything."""
