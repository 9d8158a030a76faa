"""The study file: what it may say, how it is read, and the conditions it stands for."""
