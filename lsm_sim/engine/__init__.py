"""Running programs: the interface of backends, the reference engine, and checks of backends."""
