"""Trio shells over the wire: an HTTP server with every limit on, a router, problems, TLS; opens nothing by itself."""
