"""The commands, one module each; a module's `run` is the command, its signature the options."""
