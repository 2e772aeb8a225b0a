"""Everything that `eovseg gpu-check` measures on a GPU, part by part in a process of its own."""
