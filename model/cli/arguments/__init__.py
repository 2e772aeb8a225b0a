"""What several subcommands ask for, and their errors."""
