#!/usr/bin/env bash
# A whole Proofline cluster on one Debian machine, without containers: PostgreSQL, Redis or Valkey, an S3 store, two nodes, nginx.
# For trying it out, and as a recipe that is really run (test/deploy). `cluster.sh --help` says how; docs/operations says what for.
set -Eeuo pipefail
trap '[ "$BASHPID" != $$ ] || echo "cluster.sh: stopped at line $LINENO; what failed says why above. Run it again once that is mended." >&2' ERR
umask 077

checkout=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
cd /
PATH=$PATH:/usr/sbin:/sbin
root=/srv/proofline
user=proofline
listen=127.0.0.1
first_port=18080
install=yes
supervisor=auto
destroy=no

say() { printf '%s\n' "$*"; }
die() {
  printf 'cluster.sh: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '  %s\n' "$2" >&2
  exit 1
}

usage() {
  cat <<'END'
Usage: deploy/debian/cluster.sh COMMAND [OPTIONS]

  up        install what is missing, make what is missing, start what does not run; prints the address. Safe to repeat
  restart   one node after the other, each only when the one before is ready again
  status    what runs; exit code 0 when everything does
  down      stop everything; what is kept stays. With --destroy remove all of it: evidence, database, keys, user

  --root DIR          where everything of it lives (/srv/proofline)
  --user NAME         who the nodes and the store run as, made when absent (proofline)
  --listen ADDRESS    where the proxy listens, an IPv6 address in [ ]; all else stays on 127.0.0.1 (127.0.0.1)
  --first-port PORT   the proxy's; the seven after it are for the rest (18080)
  --no-install        touch no packages: say which are missing
  --supervisor HOW    systemd, or plain: background processes with pid files (systemd where it runs)

--user, --listen, --first-port and --supervisor are remembered from the first `up`.
There is no TLS: for more than a trial put deploy/proxy/nginx.conf in its place.
END
}

command=${1:-}
[ $# -eq 0 ] || shift
while [ $# -gt 0 ]; do
  case $1 in
    --root | --user | --listen | --first-port | --supervisor)
      [ $# -gt 1 ] || die "$1 wants a value"
      name=${1#--}
      printf -v "${name//-/_}" %s "$2"
      shift 2
      ;;
    --no-install) install=no && shift ;;
    --destroy) destroy=yes && shift ;;
    -h | --help) command=help && shift ;;
    *) die "there is no option $1" "cluster.sh --help lists them" ;;
  esac
done

case $command in
  up | restart | status | down) ;;
  help | -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac
[ "$(id -u)" = 0 ] || die "this must run as root: it starts services as several users"
[[ $root = /* && $root != / ]] || die "--root must be an absolute path"

conf=$root/cluster.conf
made_user=no
if [ -f "$conf" ]; then
  # shellcheck disable=SC1090 # written below, by root
  . "$conf"
elif [ "$command" != up ]; then
  die "there is no cluster in $root" "cluster.sh up --root $root makes one"
fi
[[ $first_port =~ ^[0-9]+$ && $first_port -gt 0 && $first_port -lt 65528 ]] || die "--first-port must be a port below 65528"

if [ "$supervisor" = auto ]; then
  if [ -d /run/systemd/system ]; then supervisor=systemd; else supervisor=plain; fi
fi
port() { echo $((first_port + $1)); }
proxy_port=$first_port
postgres_port=$(port 5)
valkey_port=$(port 6)
s3_port=$(port 7)
main_port() { port $(($1 * 2 - 1)); }
admin_port() { port $(($1 * 2)); }
# In the order in which they are started.
services=(postgres valkey s3 node1 node2 proxy)

# --- Services: each has a launcher, run-NAME, which both supervisors start as its user.

user_of() {
  case $1 in
    postgres) echo postgres ;;
    valkey | s3 | node*) echo "$user" ;;
    proxy) echo root ;; # its workers are www-data
  esac
}

# as USER [NAME=VALUE...] COMMAND: with nothing of our environment.
as() { (become "$@"); }
become() {
  local who=$1
  shift
  exec setpriv --reuid="$who" --regid="$(id -g "$who")" --init-groups \
    env -i PATH="$PATH" HOME="$root" LC_ALL=C.UTF-8 NODE_COMPILE_CACHE="$root/cache" "$@"
}

unit_of() { echo "proofline-trial-$1.service"; }

# Plain processes: a pid file has the number and when it was given out, as a number may have gone to another process since.
pid_of() {
  local pid since
  read -r pid since 2>/dev/null <"$root/run/$1.pid" && [ -n "$since" ] && [ "$(started_at "$pid")" = "$since" ] && echo "$pid"
}
# Empty for one that has ended, also while nobody has asked what became of it.
started_at() { sed -n 's/^.*) //p' "/proc/$1/stat" 2>/dev/null | { read -r -a field && [ "${field[0]}" != Z ] && echo "${field[19]}"; }; }

runs() {
  if [ "$supervisor" = systemd ]; then systemctl is-active --quiet "$(unit_of "$1")"; else pid_of "$1" >/dev/null; fi
}

start() {
  local name=$1 who
  who=$(user_of "$name")
  runs "$name" && return
  if [ "$supervisor" = systemd ]; then
    systemctl enable --now --quiet "$root/units/$(unit_of "$name")" ||
      die "$name did not start" "journalctl -u $(unit_of "$name")"
    return
  fi
  : >>"$root/log/$name.log"
  # Without this shell's descriptors: who waits for its output must not wait for the service.
  become "$who" setsid "$root/bin/run-$name" >>"$root/log/$name.log" 2>&1 </dev/null &
  echo "$! $(started_at $!)" >"$root/run/$name.pid"
}

stop() {
  local name=$1 pid i
  runs "$name" || return 0
  if [ "$supervisor" = systemd ]; then
    systemctl disable --now --quiet "$(unit_of "$name")"
    return
  fi
  pid=$(pid_of "$name") || return 0
  # PostgreSQL's TERM waits for its clients, for ever; INT sends them away and writes everything.
  if [ "$name" = postgres ]; then kill -INT "$pid"; else kill -TERM "$pid"; fi
  for ((i = 0; i < 400; i++)); do
    pid_of "$name" >/dev/null || break
    sleep 0.1
  done
  [ "$i" -lt 400 ] || die "$name did not stop within 40 seconds (pid $pid)" "Look into $root/log/$name.log, then end it with kill -KILL"
  rm -f "$root/run/$name.pid"
}

# wait_for NAME CHECK...: until the check succeeds, the service ends, or a minute has passed.
wait_for() {
  local name=$1 end=$((SECONDS + 60))
  shift
  until "$@" >/dev/null 2>&1; do
    if ! runs "$name" || [ "$SECONDS" -gt "$end" ]; then
      [ "$supervisor" = systemd ] || tail -n 20 "$root/log/$name.log" >&2
      if runs "$name"; then die "$name does not answer" "Its log: $root/log/$name.log"; fi
      die "$name ended as it started" "Its log: $root/log/$name.log, or journalctl -u $(unit_of "$name")"
    fi
    sleep 0.1
  done
}

# answers PORT [ADDRESS]: something listens there.
answers() {
  local address=${2:-127.0.0.1}
  [ "$address" != 0.0.0.0 ] || address=127.0.0.1
  address=${address//[\[\]]/}
  (exec 3<>"/dev/tcp/$address/$1") 2>/dev/null
}

# ready NODE: what its readiness says, 200 only.
ready() (
  exec 3<>"/dev/tcp/127.0.0.1/$(admin_port "$1")" || exit 1
  printf 'GET /admin/health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
  read -r _ status _ <&3
  [ "$status" = 200 ]
)

# --- Making it

install_packages() {
  local missing=() package policy=/usr/sbin/policy-rc.d
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  command -v valkey-server redis-server >/dev/null || missing+=(redis-server)
  command -v nginx >/dev/null || missing+=(nginx-light)
  store >/dev/null || command -v go >/dev/null || missing+=(golang-go)
  if [ ${#missing[@]} -gt 0 ]; then
    [ "$install" = yes ] || die "these packages are missing: ${missing[*]}" "apt-get install --no-install-recommends ${missing[*]}"
    say "installing ${missing[*]}"
    # Debian starts what it installs. This cluster has its own of each, and leaves the machine's defaults alone.
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
      mkdir -p -m 755 /etc/postgresql-common
      (umask 022 && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf)
    fi
    local made_policy=no
    if [ ! -e $policy ]; then
      printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
      made_policy=yes
    fi
    local ok=yes
    (
      umask 022
      export DEBIAN_FRONTEND=noninteractive
      apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    ) || ok=no
    [ $made_policy = no ] || rm $policy
    [ $ok = yes ] || die "apt-get could not install ${missing[*]}" "What it says is above"
    if [ -d /run/systemd/system ]; then
      for package in redis-server nginx; do systemctl disable --quiet "$package" 2>/dev/null || true; done
    fi
  fi
  if ! store >/dev/null; then
    [ "$install" = yes ] || die "the S3 store is missing" ".ci/install-versitygw builds it"
    say "building the S3 store; this takes a minute or two"
    (umask 022 && "$checkout/.ci/install-versitygw")
  fi
}

# The version that the tests run against: it keeps its word about conditional writes.
store() {
  [ -x "$root/bin/versitygw" ] && echo "$root/bin/versitygw" && return
  local built
  for built in "${XDG_CACHE_HOME:-$HOME/.cache}"/proofline/versitygw-*/versitygw; do
    [ -x "$built" ] && echo "$built" && return
  done
  return 1
}

secret() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# keep NAME OWNER: a secret that is made once, readable by its owner alone.
keep() {
  local file=$root/secrets/$1
  [ -s "$file" ] || { secret >"$file.new" && mv "$file.new" "$file"; }
  chown "$2" "$file"
}

# put FILE OWNER [MODE]: what comes in, readable by its owner alone.
put() {
  cat >"$1.new"
  chmod "${3:-600}" "$1.new"
  chown "$2" "$1.new"
  mv "$1.new" "$1"
}

make_user() {
  if ! id "$user" >/dev/null 2>&1; then
    useradd --system --home-dir "$root" --no-create-home --shell /usr/sbin/nologin "$user"
    made_user=yes
  fi
  as "$user" test -x "$checkout/bin/proofline" ||
    die "$user may not read $checkout" "Put the checkout where everybody may read it, such as /opt/proofline, or give --user another name"
}

make_folders() {
  local name
  mkdir -p "$root"
  chmod 755 "$root"
  for name in bin run log units settings secrets; do mkdir -p -m 755 "$root/$name"; done
  # Folders can be passed, files cannot be read but by their owner.
  chmod 711 "$root/secrets" "$root/settings" "$root/log"
  for name in cache valkey s3 s3/data s3/iam node1 node2; do install -d -m 700 -o "$user" "$root/$name"; done
  install -d -m 700 -o postgres "$root/postgres" "$root/run/postgres"
  as postgres test -w "$root/postgres" || die "a folder above $root keeps its services out" "Choose another --root, or chmod a+x that folder"
  install -d -m 755 "$root/proxy"
}

remember() {
  declare -p user made_user listen first_port supervisor | sed 's/^declare -- //' | put "$conf" root 600
}

make_secrets() {
  keep postgres-migrate root
  keep postgres-app root
  keep valkey "$user"
  keep s3-owner-id "$user"
  keep s3-owner-secret "$user"
  keep s3-id "$user"
  keep s3-secret "$user"
  keep admin-password root
  local base=127.0.0.1:$postgres_port/proofline
  printf 'postgresql://proofline_migrate:%s@%s' "$(cat "$root/secrets/postgres-migrate")" "$base" | put "$root/secrets/migrate-dsn" root
  printf 'postgresql://proofline_app:%s@%s' "$(cat "$root/secrets/postgres-app")" "$base" | put "$root/secrets/app-dsn" "$user"
}

launcher() {
  { printf '#!/bin/sh\n' && cat; } | put "$root/bin/run-$1" root 755
  put "$root/units/$(unit_of "$1")" root 644 <<END
[Unit]
Description=Proofline trial cluster: $1
After=network.target
StartLimitIntervalSec=0

[Service]
User=$(user_of "$1")
Environment=HOME=$root LC_ALL=C.UTF-8 NODE_COMPILE_CACHE=$root/cache
ExecStart=$root/bin/run-$1
Restart=always
RestartSec=1
KillSignal=$([ "$1" = postgres ] && echo SIGINT || echo SIGTERM)
TimeoutStopSec=40
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=$root -/var/lib/nginx
ProtectHome=read-only
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
END
}

write_launchers() {
  local postgres redis n
  postgres=$(find /usr/lib/postgresql/*/bin -name postgres | sort -V | tail -n 1)
  redis=$(command -v valkey-server || command -v redis-server)
  [ -x "$root/bin/versitygw" ] || install -m 755 "$(store)" "$root/bin/versitygw"
  launcher postgres <<END
exec $postgres -D $root/postgres -c listen_addresses=127.0.0.1 -c port=$postgres_port -c unix_socket_directories=$root/run/postgres
END
  put "$root/settings/valkey.conf" "$user" <<END
bind 127.0.0.1
port $valkey_port
dir $root/valkey
requirepass $(cat "$root/secrets/valkey")
# Hints and counters only: nothing in here is missed when it is gone.
save ""
appendonly no
END
  launcher valkey <<END
exec $redis $root/settings/valkey.conf
END
  launcher s3 <<END
ROOT_ACCESS_KEY_ID=\$(cat $root/secrets/s3-owner-id) && ROOT_SECRET_ACCESS_KEY=\$(cat $root/secrets/s3-owner-secret) || exit
export ROOT_ACCESS_KEY_ID ROOT_SECRET_ACCESS_KEY
exec $root/bin/versitygw --port 127.0.0.1:$s3_port --iam-dir $root/s3/iam --health /health --keep-alive --quiet posix $root/s3/data
END
  for n in 1 2; do
    put "$root/settings/node$n.env" "$user" <<END
SAFE_MAIN_BIND_ADDRS=127.0.0.1:$(main_port $n)
SAFE_ADMIN_BIND_ADDRS=127.0.0.1:$(admin_port $n)
SAFE_TRUSTED_PROXIES=127.0.0.1
SAFE_DATA_DIR=$root/node$n
SAFE_METADATA_BACKEND=postgresql
SAFE_POSTGRES_DSN_FILE=$root/secrets/app-dsn
SAFE_BLOB_BACKEND=s3
SAFE_S3_ENDPOINT=http://127.0.0.1:$s3_port
SAFE_S3_BUCKET=evidence
SAFE_S3_ACCESS_KEY_ID_FILE=$root/secrets/s3-id
SAFE_S3_SECRET_ACCESS_KEY_FILE=$root/secrets/s3-secret
SAFE_COORDINATION_BACKEND=valkey
SAFE_VALKEY_ADDR=127.0.0.1:$valkey_port
SAFE_VALKEY_PASSWORD_FILE=$root/secrets/valkey
$([ ! -f "$root/settings/more.env" ] || cat "$root/settings/more.env")
END
    launcher "node$n" <<END
exec $checkout/bin/proofline serve --config $root/settings/node$n.env
END
  done
  put "$root/proxy/nginx.conf" root <<END
user www-data;
worker_processes 2;
pid $root/run/nginx.pid;
daemon off;
error_log stderr error;
events { worker_connections 4096; }
http {
    # Made when it starts, and empty: nothing is buffered on its way.
    client_body_temp_path $root/proxy/body;
    proxy_temp_path $root/proxy/proxy;
    fastcgi_temp_path $root/proxy/fastcgi;
    uwsgi_temp_path $root/proxy/uwsgi;
    scgi_temp_path $root/proxy/scgi;
    server_tokens off;
    upstream proofline {
        server 127.0.0.1:$(main_port 1) max_fails=1 fail_timeout=1s;
        server 127.0.0.1:$(main_port 2) max_fails=1 fail_timeout=1s;
        keepalive 32;
    }
    server {
        listen $listen:$proxy_port;
        include $checkout/deploy/proxy/nginx-proofline.conf;
    }
}
END
  launcher proxy <<END
exec $(command -v nginx) -c $root/proxy/nginx.conf
END
}

refuse_taken_ports() {
  local n
  for ((n = 0; n < 8; n++)); do
    if answers "$(port $n)"; then
      die "something else listens on port $(port $n)" "Choose eight free ones with --first-port"
    fi
  done
}

psql_admin() { as postgres psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --host="$root/run/postgres" --port="$postgres_port" "$@"; }

make_database() {
  if [ ! -f "$root/postgres/PG_VERSION" ]; then
    say "making the database"
    as postgres "$(find /usr/lib/postgresql/*/bin -name initdb | sort -V | tail -n 1)" --pgdata="$root/postgres" \
      --username=postgres --encoding=UTF8 --locale=C.UTF-8 --auth-local=peer --auth-host=scram-sha-256 --data-checksums >/dev/null
  fi
  start postgres
  wait_for postgres psql_admin --dbname=postgres --command='SELECT 1'
  if [ -z "$(psql_admin --dbname=postgres --tuples-only --command="SELECT 1 FROM pg_database WHERE datname = 'proofline'")" ]; then
    psql_admin --dbname=postgres --command='CREATE DATABASE proofline TEMPLATE template0 ENCODING UTF8'
  fi
  # Nobody else may read a file of the checkout's owner: it goes in by standard input, as the passwords do.
  psql_admin --dbname=proofline <"$checkout/deploy/postgres/roles.sql"
  psql_admin --dbname=proofline <<END
ALTER ROLE proofline_migrate PASSWORD '$(cat "$root/secrets/postgres-migrate")';
ALTER ROLE proofline_app PASSWORD '$(cat "$root/secrets/postgres-app")';
END
}

make_bucket() {
  local owner=(ADMIN_ACCESS_KEY_ID="$(cat "$root/secrets/s3-owner-id")" ADMIN_SECRET_ACCESS_KEY="$(cat "$root/secrets/s3-owner-secret")")
  local endpoint=http://127.0.0.1:$s3_port id users
  id=$(cat "$root/secrets/s3-id")
  start s3
  wait_for s3 answers "$s3_port"
  # The nodes are no owner of the store: their user may do what deploy/s3/bucket-policy.json says.
  users=$(as "$user" "${owner[@]}" ADMIN_ENDPOINT_URL="$endpoint" "$root/bin/versitygw" admin list-users)
  if [[ $users != *"$id"* ]]; then
    as "$user" "${owner[@]}" ADMIN_ENDPOINT_URL="$endpoint" "$root/bin/versitygw" admin create-user \
      --access "$id" --secret "$(cat "$root/secrets/s3-secret")" --role user >/dev/null
  fi
  as "$user" SAFE_S3_ENDPOINT="$endpoint" SAFE_S3_BUCKET=evidence \
    SAFE_S3_ACCESS_KEY_ID_FILE="$root/secrets/s3-owner-id" SAFE_S3_SECRET_ACCESS_KEY_FILE="$root/secrets/s3-owner-secret" \
    "$checkout/node_modules/.bin/node" "$checkout/deploy/s3/make-bucket.mjs" "$id" >/dev/null
}

# proofline [SAFE_…=VALUE...] COMMAND...: with the settings of the first node.
proofline() {
  local extra=()
  while [[ ${1:-} = SAFE_*=* ]]; do extra+=("$1") && shift; done
  as "$user" ${extra[@]+"${extra[@]}"} "$checkout/bin/proofline" "$1" "${@:2}" --config "$root/settings/node1.env"
}

up() {
  [ -x "$checkout/node_modules/.bin/node" ] || die "the checkout is not installed" "cd $checkout && npm ci"
  command -v apt-get >/dev/null || die "this is no Debian: there is no apt-get"
  if [ ! -f "$conf" ] && [ -d "$root" ] && [ -n "$(ls -A "$root")" ]; then
    die "$root is not empty and no cluster of this script" "Choose another --root"
  fi
  [ -f "$conf" ] || refuse_taken_ports
  install_packages
  make_user
  make_folders
  remember
  make_secrets
  write_launchers
  make_database
  start valkey
  wait_for valkey answers "$valkey_port"
  make_bucket
  # The one process that has the role which owns the schema; no file that a node can read has its password.
  proofline SAFE_POSTGRES_MIGRATE_DSN="$(cat "$root/secrets/migrate-dsn")" migrate
  local n
  for n in 1 2; do start "node$n"; done
  for n in 1 2; do wait_for "node$n" ready "$n"; done
  as root nginx -t -q -c "$root/proxy/nginx.conf" || die "nginx does not take its settings"
  start proxy
  wait_for proxy answers "$proxy_port" "$listen"
  local accounts
  accounts=$(proofline accounts list --json)
  if [[ $accounts != *'"role":"admin"'* ]]; then
    proofline accounts create --username admin --role admin --password-file - <"$root/secrets/admin-password" >/dev/null
  fi
  say "
Proofline    http://$listen:$proxy_port
Admin pages  http://127.0.0.1:$(admin_port 1)/admin   (sign in as admin; the password: $root/secrets/admin-password)
Nodes        127.0.0.1:$(main_port 1), 127.0.0.1:$(main_port 2); settings in $root/settings
Record       bin/proofline record --test-pattern --duration 20s --username admin --password-file $root/secrets/admin-password \\
               --server http://$listen:$proxy_port"
}

restart_nodes() {
  local n
  for n in 1 2; do
    # The proxy leaves a node alone for a second after it did not answer, and must not find both so.
    [ "$n" = 1 ] || sleep 2
    stop "node$n"
    start "node$n"
    wait_for "node$n" ready "$n"
    say "node$n is ready again"
  done
}

status() {
  local name good=0
  for name in "${services[@]}"; do
    if ! runs "$name"; then
      say "$name  stopped" && good=1
    elif [[ $name = node* ]] && ! ready "${name#node}" 2>/dev/null; then
      say "$name  not ready" && good=1
    else
      say "$name  runs"
    fi
  done
  return $good
}

down() {
  local i
  for ((i = ${#services[@]} - 1; i >= 0; i--)); do stop "${services[i]}"; done
  [ "$destroy" = yes ] || { say "stopped; everything is kept in $root" && return; }
  rm -rf -- "$root"
  [ "$made_user" = no ] || userdel "$user"
  say "$root and everything in it is gone"
}

case $command in
  up) up ;;
  restart) restart_nodes ;;
  status) status ;;
  down) down ;;
esac
