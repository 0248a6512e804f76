"""The one polite client: timeouts, retries, size limits, a user agent."""
