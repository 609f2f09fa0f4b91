"""Several consumers in one process, each kept running whatever becomes of the others."""
