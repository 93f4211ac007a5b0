"""Every await and every call of the system in a scene is numbered, and something goes wrong at each."""
