"""Programs that are run alone, in an interpreter of their own."""
