# Sourced: `as_postgres COMMAND…` runs one of Postgres' programs, which refuse to run as root.

postgres_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
[ -n "$postgres_bin" ] || { echo "Postgres is missing; on Debian: apt-get install postgresql" >&2; exit 1; }

# As root they run as the user `postgres`, with the right to enter root's folders.
as_user=()
owner=$(id -un)
if [ "$(id -u)" = 0 ]; then
  owner=postgres
  as_user=(setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=+dac_override --ambient-caps=+dac_override)
fi

as_postgres() { "${as_user[@]}" "$postgres_bin/$1" "${@:2}"; }
