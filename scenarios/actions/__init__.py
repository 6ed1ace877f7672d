"""What the commands of ``factory`` do, one module each; a command imports its own when it is called."""
