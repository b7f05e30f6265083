#!/bin/bash
# A node of the Galera cluster of docker-compose.yml (profile galera), in the official image of MariaDB:
#   bash node.sh ROOT_PASSWORD NODE...
# with the host names of all nodes, this one's too. The first of them begins the cluster.
set -euo pipefail

root_password=$1
shift
nodes=("$@")
data=/var/lib/mysql
state=$data/grastate.dat

# When a node dies the others wait for it, with their commits and their causal reads, until they believe that it is dead:
# 5.8 s as the library comes, longer than the application waits for a causal read; with these 1.5 s.
notices_death='evs.keepalive_period=PT0.3S;evs.inactive_check_period=PT0.3S;evs.suspect_timeout=PT1S;evs.inactive_timeout=PT3S;evs.install_timeout=PT3S'

galera=(
  --wsrep-on=ON
  --wsrep-provider=/usr/lib/galera/libgalera_smm.so
  --wsrep-provider-options="$notices_death"
  --wsrep-cluster-name=firstcome
  --wsrep-cluster-address="gcomm://$(IFS=, && echo "${nodes[*]}")"
  --wsrep-node-name="$HOSTNAME"
  --wsrep-node-address="$HOSTNAME"
  --wsrep-sst-method=mariabackup
  --wsrep-sst-auth="root:$root_password"
  --binlog-format=ROW
  --innodb-autoinc-lock-mode=2
)

another_node_runs() {
  for node in "${nodes[@]}"; do
    if [ "$node" != "$HOSTNAME" ] && timeout 1 bash -c ": < /dev/tcp/$node/4567" 2> /dev/null; then return 0; fi
  done
  return 1
}

# At its first start the first node; after the end of all of them the one that ended last, which alone has everything.
may_begin() {
  if [ -f "$state" ]; then grep -q '^safe_to_bootstrap: 1' "$state"; else [ "$HOSTNAME" = "${nodes[0]}" ]; fi
}

# A node that was killed has not written down how far it got, and would copy everything from another one.
position() {
  mariadbd --user=mysql --datadir="$data" "${galera[@]}" --wsrep-recover 2>&1 |
    sed -n 's/^.*Recovered position: *//p'
}

if [ -f "$state" ] && grep -q '^seqno: *-1' "$state" && [ -f "$data/ibdata1" ]; then
  recovered=$(position)
  if [ -n "$recovered" ]; then galera+=(--wsrep-start-position="$recovered"); fi
fi
if may_begin && ! another_node_runs; then galera+=(--wsrep-new-cluster); fi

exec docker-entrypoint.sh mariadbd \
  --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci "${galera[@]}"
