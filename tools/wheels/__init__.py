"""Build the distributions, and prove that each stands alone."""
