"""The parts of the linter, one module for each kind of mistake. `wecom_auto.sop.check` puts them together."""
