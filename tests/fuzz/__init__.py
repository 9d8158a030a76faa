"""Bad input, made by hand and generated: nothing that a file holds may end in a traceback (`make fuzz`)."""
