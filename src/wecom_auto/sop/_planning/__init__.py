"""When a step may happen and for whom, as far as that follows from facts. Pure, like the planner that it serves."""
