#!/bin/sh
# Starts workerd (workerd.ts). workerd does not watch its parent, so a watcher
# reads a pipe that only the launcher holds open: it ends when the launcher does, however that died.
# Where there is no /proc the watcher looks at the launcher once a second instead.
parent=$PPID

started_of() {
  read -r stat <"/proc/$1/stat" && echo "${stat##*) }" | cut -d' ' -f20
}

if [ -r "/proc/$$/stat" ]; then
  started=$(started_of $$)
  echo "$$ $started" >>"$WISHUB_WORKERD_PIDS"
  (
    read -r _ <"$WISHUB_LAUNCHER_PIPE"
    # The id may be another process's by now.
    [ "$(started_of $$)" = "$started" ] && kill -9 $$
  ) </dev/null >/dev/null 2>&1 3>&- &
else
  (
    while kill -0 "$parent" && kill -0 $$; do sleep 1; done
    kill -9 $$
  ) </dev/null >/dev/null 2>&1 3>&- &
fi

exec "$WISHUB_WORKERD" "$@"
