"""What has happened outside, and what it means for runs: callbacks, other members, other senders."""
