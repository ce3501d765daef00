"""What runs a program: the interface of backends, the reference engine, and how backends are checked."""
