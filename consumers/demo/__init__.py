"""A realistic month that ships with the product: three clients, three agents, forty platforms."""
