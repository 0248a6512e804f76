"""The web application: the page to curate on, and the HTTP service. It loads no model: the writer is another process."""
