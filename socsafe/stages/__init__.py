"""One module a stage; each a function of files to files. Stages do not know each other."""
