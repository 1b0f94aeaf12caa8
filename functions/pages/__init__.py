"""The pages of operators' people: HTML from templates, filled by what the API answers to the person."""
