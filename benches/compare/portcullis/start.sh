#!/usr/bin/env bash
# Portcullis as a contender, of `../compare` or of a rig that sets the same variables: keys imported once
# with a server on a port of its own, then served in the foreground on RIG_PORT, and with TLS on
# RIG_TLS_PORT where RIG_TLS holds a `chain.pem` and a `key.pem`.
set -euo pipefail

bin=${PORTCULLIS:-$(cd "$(dirname "$0")/../../.." && pwd)/target/release/portcullis}
gate=$RIG_WORK/gate
rm -rf "$gate"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

"$bin" init "$gate" --upstream "http://$RIG_UPSTREAM" \
  --public "127.0.0.1:$(free_port)" --admin-listen "127.0.0.1:$(free_port)" >"$RIG_WORK/init.out"
config=$gate/portcullis.yaml
# No access records, no calls kept to be explained later, and no fields about rates and peers, since
# the others have none of these; metrics, request ids and timeouts stay on.
sed -i -E "s/^(  to:) .*/\1 none/; s/^public:$/&\n  threads: ${THREADS:-1}\n  rate_fields: false/; s/^upstream:$/&\n  forwarded: false/" "$config"

printf 'explain: { calls: 0 }\n' >>"$config"

# The thirty prefixes as operations, each with the parameter that chooses the answer's size.
rm "$gate"/routes/*.yaml "$gate"/policies/*.yaml
{
  echo 'version: 1'
  echo 'classes: { rig.read: Everything that is asked for }'
  echo 'operations:'
  while read -r prefix; do
    name=$(basename "$prefix")
    printf '  %s: { method: GET, path: "%s{id}", class: rig.read, params: { size: plain } }\n' "$name" "$prefix"
  done <"$RIG_ROUTES"
} >"$gate/routes/rig.yaml"
cat >"$gate/policies/scopes.yaml" <<'C'
version: 1
scopes:
  rig:read: { about: Everything that is asked for, classes: [rig.read] }
C
# Evaluated on each request, too high to trip, as in the other contenders.
cat >"$gate/policies/rig.yaml" <<'C'
version: 1
# The name of the tier that init puts its first partner on: a set must keep the tiers in use.
tier: travel-search
about: Who calls to be measured.
scopes: [rig:read]
rates:
  - { id: calls, per: key, max: 100000, window: 1s, burst: 10000 }
C
{ awk '{ print $1, $2 }' "$RIG_KEYS"; awk '{ print $1, $2, "revoked" }' "$RIG_REVOKED"; } >"$gate/keys.txt"

# Commands speak to a running gate; this one is gone before the rig looks.
"$bin" serve --config "$config" >"$RIG_WORK/import.log" 2>&1 &
pid=$!
for _ in $(seq 200); do
  "$bin" status --config "$config" >/dev/null 2>&1 && break
  sleep 0.05
done
"$bin" apply "$gate" --config "$config" --reason agreement-changed --tell "The tier of the rig comes into force." \
  --fact "The rig has 1 tier of its own." --period now >>"$RIG_WORK/import.log"
"$bin" key import "$gate/keys.txt" --create-partners --tier travel-search --use research --config "$config" >>"$RIG_WORK/import.log"
kill "$pid"
wait "$pid" || true

listen="127.0.0.1:$RIG_PORT"
if [ -n "${RIG_TLS:-}" ]; then
  pair="{ chain: $RIG_TLS/chain.pem, key: { file: $RIG_TLS/key.pem } }"
  listen="[{ address: $listen }, { address: 127.0.0.1:$RIG_TLS_PORT, tls: { certificates: [$pair] } }]"
fi
sed -i -E "/^public:/,/^[a-z]/ s|^(  listen:) .*|\1 $listen|; /^admin:/,/^[a-z]/ s/^(  listen:) .*/\1 127.0.0.1:$(free_port)/" "$config"
exec "$bin" serve --config "$config"
