"""Ratios of the package to what one would write by hand, and to peers. Measures; judges nothing."""
