"""The one place that knows how state is stored: Azure Tables, its in-memory twin, and the rows of each room."""
