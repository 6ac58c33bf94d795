#!/bin/sh
# Starts WordPress from Debian's packages on loopback, installed and empty, and
# runs it until interrupted. Nothing of it outlives DIR.
#
#   wordpress.sh [PORT] [DIR]     site http://wordpress.localhost:PORT, log in as
#                                 editor / tandem-demo; prints "ready" when it answers
set -eu

port=${1:-8090}
dir=${2:-$(mktemp -d "${TMPDIR:-/tmp}/tandem-wordpress.XXXXXX")}
host=wordpress.localhost:$port
db=$dir/db
site=$dir/site

packages="wordpress wordpress-theme-twentytwentythree php-cli php-mysql php-gd php-xml php-mbstring mariadb-server curl"
if [ ! -f /usr/share/wordpress/wp-load.php ] || [ ! -d /usr/share/wordpress/wp-content/themes/twentytwentythree ] ||
	! command -v php >/dev/null || [ ! -x /usr/sbin/mariadbd ]; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages >/dev/null
	else
		echo "WordPress is not installed. As root: apt-get install --no-install-recommends $packages" >&2
		exit 1
	fi
fi

# mariadbd refuses to run as root.
as_db() { if [ "$(id -u)" = 0 ]; then runuser -u mysql -- "$@"; else "$@"; fi; }

mkdir -p "$db" "$site"
chmod 755 "$dir"
[ "$(id -u)" != 0 ] || chown mysql "$db"
as_db mariadb-install-db --no-defaults --datadir="$db" --auth-root-authentication-method=normal --skip-test-db >/dev/null 2>&1
as_db mariadbd --no-defaults --datadir="$db" --socket="$db/sock" --skip-networking --pid-file="$db/pid" \
	--innodb-flush-log-at-trx-commit=0 >"$dir/db.log" 2>&1 &
phppid=
stop() {
	trap - EXIT INT TERM
	# PHP's workers outlive it, so its whole group is told.
	[ -z "$phppid" ] || kill -- "-$phppid" 2>/dev/null || true
	# What the shell knows is not the server but the command that changed the user.
	[ ! -s "$db/pid" ] || kill "$(cat "$db/pid")" 2>/dev/null || true
	wait 2>/dev/null || true
	case $dir in "${TMPDIR:-/tmp}"/tandem-wordpress.*) rm -rf "$dir" ;; esac
}
trap stop EXIT
trap 'exit 0' INT TERM

tries=0
until mariadb --no-defaults --socket="$db/sock" -u root -e 'CREATE DATABASE IF NOT EXISTS wordpress' 2>/dev/null; do
	tries=$((tries + 1))
	[ $tries -lt 60 ] || { echo "MariaDB did not start; see $dir/db.log" >&2; exit 1; }
	sleep 0.5
done

# A copy, since WordPress writes into its own tree; -L, since Debian links parts of it.
cp -rL /usr/share/wordpress/. "$site"
mkdir -p "$site/wp-content/uploads" "$site/wp-content/languages"
cat >"$site/wp-config.php" <<PHP
<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:$db/sock');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as \$k) {
	define(\$k . '_KEY', 'loopback only ' . \$k);
	define(\$k . '_SALT', 'loopback only salt ' . \$k);
}
define('WP_HOME', 'http://$host');
define('WP_SITEURL', 'http://$host');
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
\$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
PHP

PHP_CLI_SERVER_WORKERS=6 setsid php -d upload_max_filesize=16M -d post_max_size=20M -d display_errors=0 \
	-S "127.0.0.1:$port" -t "$site" >"$dir/php.log" 2>&1 &
phppid=$!

get() { curl -fsS --resolve "$host:127.0.0.1" "$@"; }
tries=0
until get -o /dev/null "http://$host/wp-admin/install.php" 2>/dev/null; do
	tries=$((tries + 1))
	[ $tries -lt 60 ] || { echo "WordPress did not answer; see $dir/php.log" >&2; exit 1; }
	sleep 0.5
done
get -o /dev/null --data-urlencode 'weblog_title=Harbour Notes' --data user_name=editor --data admin_password=tandem-demo \
	--data admin_password2=tandem-demo --data pw_weak=1 --data admin_email=editor@example.com --data blog_public=0 \
	"http://$host/wp-admin/install.php?step=2"

echo "ready http://$host"
wait "$phppid"
