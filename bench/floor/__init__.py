"""The floor: a program that does the input and output of the same work as the function app, and nothing else.

What that is, is recorded from the function app itself (`recording`), as steps (`step`); a process of its own
(`server`) takes the same requests and messages, and for each does what was recorded, by the SDKs' clients.
"""
