"""Arguments and errors shared by several subcommands."""
