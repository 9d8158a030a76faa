"""socsafe: one YAML study in, a report on what safety fine-tuning did out."""

__version__ = "0.1.0"
