"""The tables of the engine, and whoever reads and writes them. Decides nothing, and calls nobody."""
