"""Reading, composing and drawing data."""
