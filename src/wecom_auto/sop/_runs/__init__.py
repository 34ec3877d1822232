"""Runs: let somebody in, move along, look again, end. Sends nothing."""
