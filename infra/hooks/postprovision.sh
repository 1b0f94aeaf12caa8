#!/bin/sh
# azd runs this after each `azd provision`, with the deployment's outputs in the environment.
set -eu
cd "$(dirname "$0")/../.."
local/setup.sh
exec .venv/bin/python -m infra.hooks.platform_admin_key
