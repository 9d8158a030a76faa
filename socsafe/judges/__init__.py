"""Who rules on replies: one file a judge."""
