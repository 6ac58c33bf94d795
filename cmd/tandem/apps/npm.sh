#!/bin/sh
# Installs an application from npm, as its directory here says, and runs it on
# loopback until interrupted. What is installed and built stays in the user's
# cache; what the application itself writes goes into a directory that does not
# outlive it.
#
#   npm.sh NAME [PORT]     prints "ready http://NAME.localhost:PORT" when it answers
set -eu
cd "$(dirname "$0")"

name=$1
port=${2:-8090}
command -v npm >/dev/null || { echo "npm is not installed" >&2; exit 1; }
[ -f "$name/package.json" ] || { echo "no application $name; there are: $(echo */package.json | sed 's,/package.json,,g')" >&2; exit 1; }
dir=${XDG_CACHE_HOME:-$HOME/.cache}/tandem-apps/$name
mkdir -p "$dir"

sum() { (cd "$name" && find . -type f | LC_ALL=C sort | xargs sha256sum); }
if [ "$(sum)" != "$(cat "$dir/.installed" 2>/dev/null)" ]; then
	if ! cmp -s "$name/package-lock.json" "$dir/package-lock.json" || [ ! -f "$dir/.installed" ]; then
		rm -rf "$dir"
		mkdir -p "$dir"
		cp "$name/package.json" "$name/package-lock.json" "$dir"
		(cd "$dir" && npm install --no-save --no-audit --no-fund --loglevel=error) >&2
	fi
	cp -R "$name/." "$dir"
	(cd "$dir" && NEXT_TELEMETRY_DISABLED=1 npm run --silent --if-present build) >&2
	sum >"$dir/.installed"
fi

PORT=$port
DATA=$(mktemp -d "${TMPDIR:-/tmp}/tandem-$name.XXXXXX")
export PORT DATA
(cd "$dir" && exec setsid npm start --silent) >"$DATA/log" 2>&1 &
pid=$!
stop() {
	trap - EXIT INT TERM
	# npm's children outlive it, so its whole group is told.
	kill -- "-$pid" 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$DATA"
}
trap stop EXIT
trap 'exit 0' INT TERM

host=$name.localhost:$port
tries=0
until curl -fsS -o /dev/null --resolve "$host:127.0.0.1" "http://$host/" 2>/dev/null; do
	tries=$((tries + 1))
	[ $tries -lt 120 ] && kill -0 "$pid" 2>/dev/null || { echo "$name did not start:" >&2; cat "$DATA/log" >&2; exit 1; }
	sleep 0.5
done
echo "ready http://$host"
wait "$pid"
