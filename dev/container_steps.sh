#!/usr/bin/env bash
# The steps of the Dockerfile in a fresh Debian root, where no container engine runs: dev/container_steps.sh ROOT
# ROOT is what `debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm ROOT` made. Needs root; pip's own
# settings and certificates are taken along. At the end the bot runs as an ordinary user, and /healthz answers.
set -euo pipefail
root=$1 here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mkdir -p "$root/source" "$root/etc/deephypebot"
cp "$here"/{pyproject.toml,constraints.txt,README.md,LICENSE} "$root/source/"
cp -r "$here/deephypebot" "$root/source/"
cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
[ -f /etc/pip.conf ] && cp /etc/pip.conf "$root/etc/"
[ -d /etc/ssl/certs ] && cp -rL /etc/ssl/certs "$root/etc/ssl/" 2>/dev/null || true
mount -t proc proc "$root/proc" 2>/dev/null || true
trap 'umount "$root/proc" 2>/dev/null || true' EXIT
run() { chroot "$root" /usr/bin/env -i PATH=/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "${carried[@]}" "$@"; }
carried=()
while IFS= read -r pair; do carried+=("$pair"); done < <(env | grep -iE '^(pip_|https?_proxy|no_proxy|ssl_cert|requests_ca)' || true)
run python3 -m venv /venv
run /venv/bin/pip install --quiet --no-cache-dir --constraint /source/constraints.txt pip setuptools
run sh -c 'cd /source && /venv/bin/pip install --quiet --no-cache-dir --constraint constraints.txt --no-build-isolation ".[bot]"'
run sh -c 'id bot >/dev/null 2>&1 || useradd --create-home --home-dir /var/lib/deephypebot --uid 10001 bot'
printf '[web]\ntoken = "container"\nport = 8799\n' > "$root/etc/deephypebot/deephypebot.toml"
as_bot() { run setpriv --reuid=bot --regid=bot --clear-groups env HOME=/var/lib/deephypebot DEEPHYPEBOT_STATE=/var/lib/deephypebot/state \
    DEEPHYPEBOT_CACHE=/var/lib/deephypebot/cache DEEPHYPEBOT_SETTINGS=/etc/deephypebot/deephypebot.toml "$@"; }
as_bot deephypebot doctor
as_bot timeout 25 deephypebot run & sleep 12
as_bot python -c "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8799/healthz', timeout=4).read().decode())"
wait $! || true
du -sh "$root/venv"
