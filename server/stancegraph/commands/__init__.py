"""What people type at a terminal, a module a command, and how answers look there."""
