#!/bin/sh
# Stands in for the workerd binary (MINIFLARE_WORKERD_PATH). workerd does not watch its parent, so a
# watcher ends it within a second of the launcher's death, and its id is kept for the next start.
parent=$PPID
if [ -r "/proc/$$/stat" ]; then
  read -r stat <"/proc/$$/stat"
  started=$(echo "${stat##*) }" | cut -d' ' -f20)
  echo "$$ $started" >>"$WISHUB_WORKERD_PIDS"
fi
(
  while kill -0 "$parent" 2>/dev/null && kill -0 $$ 2>/dev/null; do sleep 1; done
  kill -9 $$ 2>/dev/null
) </dev/null >/dev/null 2>&1 3>&- &

# Miniflare lets whoever connects to a socket switch to workerd's own RPC by naming this host, and so call
# anything, queues and private entrypoints too. The name is made a secret of this process (same length: the
# configuration is binary).
umask 077
config="$WISHUB_WORKERD_PIDS.$$"
LC_ALL=C sed "s/miniflare-unsafe-internal-capnp-connect/$WISHUB_CAPNP_SECRET/g" >"$config"
exec 0<"$config"
rm -f "$config"
exec "$WISHUB_WORKERD" "$@"
