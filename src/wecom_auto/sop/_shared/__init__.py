"""What every part of a runner stands on: ports, the clock of a tick, faults, subjects, turns. Starts nothing."""
