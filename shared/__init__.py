"""The connector's domain and use cases; nothing in here knows Azure Functions."""
