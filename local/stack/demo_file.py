"""Where the demo leaves its operators and their keys for whoever wants to try the stack."""

from local.stack.process import PROJECT

DEMO_FILE = PROJECT / ".local" / "demo.json"
