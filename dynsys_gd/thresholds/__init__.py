"""Critical step sizes: certified, exact, bounded or numerical, each with its evidence."""
