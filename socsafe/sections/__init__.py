"""Parts of the report: one file a section."""
