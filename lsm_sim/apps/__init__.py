"""Programs made of the library: the command line, the demo, the benchmark suite, the speed bench. Nothing imports them."""
