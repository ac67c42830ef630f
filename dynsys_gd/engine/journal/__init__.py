"""What a long run has computed so far, in a file from which it can be taken up again."""
