"""The command line: one file per group of commands, heavy imports only inside a command."""
