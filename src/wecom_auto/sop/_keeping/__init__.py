"""What is done to a whole store at a time: versions, many entries at once, old rows. No part of a tick."""
