"""The command line: verify, analyse, claims."""
