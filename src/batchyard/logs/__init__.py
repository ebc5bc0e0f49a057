"""Where attempts' output is kept and read back as CloudWatch log streams. Knows files and events, never jobs."""
