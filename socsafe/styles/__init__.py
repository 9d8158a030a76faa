"""How safety data reply: one file a style."""
