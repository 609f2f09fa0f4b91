"""The edge: everything that meets a person, a clock or another system."""
