#!/bin/sh
# Stands in for the workerd binary while a configuration is assembled (assemble.ts): takes it and starts nothing.
exec cat >/dev/null
