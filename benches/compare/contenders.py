"""Who takes part: each with the configuration that makes it do the job, written into its folder, and how it is started.

The job: a key in `x-api-key`, looked up among those imported; who has none, an unknown or a revoked one is
refused; so is what lies under none of the thirty prefixes; a rate per key is evaluated on each request and
never reached; the key is not passed on; no access log. One worker each.
"""
import json
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = "/usr/lib/nginx/modules"


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [line.split() for line in file]


class Contender:
    """One program. `h1`, `h2` and `tls` are its ports; `both` are spoken on one where it can tell them apart."""

    name, title, package, both = "", "", "", False

    def __init__(self, setup, ports):
        self.setup = setup
        self.h1, self.h2, self.tls = ports
        self.h2 = self.h1 if self.both else self.h2
        self.folder = os.path.join(setup.folder, self.name)
        os.makedirs(self.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def states(self, form):
        """A line for each key; `form` is given the key and whether it is alive."""
        alive = [form % (key[0], "A") for key in lines(self.setup.keys)]
        return "".join(alive + [form % (key[0], "R") for key in lines(self.setup.revoked)])

    @classmethod
    def missing(cls, _options):
        return None if shutil.which(cls.package) else f"apt-get install {cls.package}"

    def environment(self):
        return {}


def version(program, *args):
    told = subprocess.run([program, *args], capture_output=True, text=True, check=False)
    # Some name their own path first, which may hold a version of something else.
    found = re.search(r"\d+\.\d+(\.\d+)?", (told.stdout + told.stderr).replace(program, ""))
    return found.group(0) if found else "?"


class Portcullis(Contender):
    name, title, both = "portcullis", "**Portcullis**", True

    @classmethod
    def missing(cls, options):
        return None if os.path.exists(options.binary) else "cargo build --release --locked --package portcullis"

    def about(self):
        return self.title

    def command(self):
        return [os.path.join(HERE, "portcullis", "start.sh")]

    def environment(self):
        setup = self.setup
        return {
            "PORTCULLIS": setup.binary, "RIG_WORK": self.folder, "RIG_UPSTREAM": setup.upstream, "RIG_KEYS": setup.keys,
            "RIG_REVOKED": setup.revoked, "RIG_ROUTES": setup.routes, "RIG_PORT": str(self.h1), "RIG_TLS": setup.tls,
            "RIG_TLS_PORT": str(self.tls),
        }


class Nginx(Contender):
    name, title, package = "nginx", "nginx %s, static map", "nginx"

    def about(self):
        return self.title % version("nginx", "-v")

    def command(self):
        modules, job, deny = self.job()
        tls = f"listen 127.0.0.1:{self.tls} ssl; ssl_protocols TLSv1.2 TLSv1.3;"
        tls += f" ssl_certificate {self.setup.tls}/chain.pem; ssl_certificate_key {self.setup.tls}/key.pem;"
        text = f"""{modules}
daemon off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log crit; worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
  access_log off; server_tokens off;
  keepalive_requests 1000000000; keepalive_timeout 600s; http2_max_requests 1000000000;
  client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy; fastcgi_temp_path {self.folder}/fastcgi;
  uwsgi_temp_path {self.folder}/uwsgi; scgi_temp_path {self.folder}/scgi;
  upstream platform {{ server {self.setup.upstream}; keepalive 512; keepalive_requests 1000000000; keepalive_timeout 600s; }}
  proxy_http_version 1.1; proxy_max_temp_file_size 0;
{job}
  server {{
    listen 127.0.0.1:{self.h1} backlog=4096; listen 127.0.0.1:{self.h2} http2; {tls}
    proxy_set_header Connection ""; proxy_set_header x-api-key "";
{deny}
  }}
}}
"""
        return ["nginx", "-e", os.path.join(self.folder, "error.log"), "-c", self.write("nginx.conf", text)]

    def job(self):
        """Modules, what belongs into `http`, and into `server`."""
        keys = self.write("keys.map", self.states('"%s" %s;\n'))
        job = f"""  map_hash_max_size 4194304; map_hash_bucket_size 128;
  map $http_x_api_key $key_state {{ default ""; include {keys}; }}
  limit_req_zone $http_x_api_key zone=calls:64m rate=100000r/s; limit_req_status 429;"""
        deny = """    if ($key_state = "") { return 401; }
    if ($key_state = R) { return 403; }
    limit_req zone=calls burst=10000 nodelay;
    location / { return 404; }
"""
        prefixes = (route[0] for route in lines(self.setup.routes))
        return "", job, deny + "".join(f"    location ^~ {prefix} {{ proxy_pass http://platform; }}\n" for prefix in prefixes)


class NginxLua(Nginx):
    """Keys and counts in shared dictionaries, as gateways on Lua keep them: keys can change while it runs."""

    name, title = "nginx-lua", "nginx %s + Lua, shared dictionaries"

    @classmethod
    def missing(cls, _options):
        there = os.path.exists(f"{MODULES}/ngx_http_lua_module.so")
        return Nginx.missing(_options) or (None if there else "apt-get install libnginx-mod-http-lua")

    def job(self):
        modules = f"load_module {MODULES}/ndk_http_module.so; load_module {MODULES}/ngx_http_lua_module.so;"
        keys = self.write("keys.txt", self.states("%s %s\n"))
        job = f"""  lua_shared_dict keys 256m; lua_shared_dict counts 64m;
  init_by_lua_block {{
    prefixes = {{}}
    for line in io.lines("{self.setup.routes}") do prefixes[line] = true end
    for line in io.lines("{keys}") do
      local key, state = line:match("^(%S+) (%S+)")
      ngx.shared.keys:set(key, state)
    end
  }}"""
        deny = """    location / {
      access_by_lua_block {
        local key = ngx.var.http_x_api_key
        local state = key and ngx.shared.keys:get(key)
        if not state then return ngx.exit(401) end
        if state ~= "A" then return ngx.exit(403) end
        local path = ngx.var.uri
        local slash = path:find("/", 5, true)
        if not slash or not prefixes[path:sub(1, slash)] then return ngx.exit(404) end
        local count = ngx.shared.counts:incr(key .. math.floor(ngx.now()), 1, 0, 2)
        if count and count > 100000 then return ngx.exit(429) end
      }
      proxy_pass http://platform;
    }
"""
        return modules, job, deny


class Haproxy(Contender):
    name, title, package = "haproxy", "HAProxy %s, map and stick table", "haproxy"

    def about(self):
        return self.title % version("haproxy", "-v")

    def command(self):
        keys = self.write("keys.map", self.states("%s %s\n"))
        both = ""
        for part in ("chain", "key"):
            with open(f"{self.setup.tls}/{part}.pem", encoding="utf-8") as file:
                both += file.read()
        text = f"""global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-request 600s
  timeout http-keep-alive 600s
frontend partners
  bind 127.0.0.1:{self.h1} backlog 4096
  bind 127.0.0.1:{self.h2} proto h2
  bind 127.0.0.1:{self.tls} ssl crt {self.write("both.pem", both)} alpn http/1.1
  stick-table type string len 64 size 200k expire 60s store http_req_rate(1s)
  http-request set-var(txn.state) req.hdr(x-api-key),map_str({keys},N)
  http-request deny deny_status 401 unless {{ req.hdr(x-api-key) -m found }}
  http-request deny deny_status 401 if {{ var(txn.state) -m str N }}
  http-request deny deny_status 403 if {{ var(txn.state) -m str R }}
  http-request deny deny_status 404 unless {{ path -m beg -f {self.setup.routes} }}
  http-request track-sc0 req.hdr(x-api-key)
  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 100000 }}
  http-request del-header x-api-key
  default_backend platform
backend platform
  http-reuse always
  server one {self.setup.upstream} pool-purge-delay 600s
"""
        return ["haproxy", "-db", "-f", self.write("haproxy.cfg", text)]


class Envoy(Contender):
    name, title, both = "envoy", "Envoy %s", True

    @classmethod
    def missing(cls, options):
        return None if options.envoy and shutil.which(options.envoy) else "give its path with --envoy (Debian has no package)"

    def about(self):
        return self.title % version(self.setup.envoy, "--version").removeprefix("0.")

    def command(self):
        host, port = self.setup.upstream.split(":")
        target = {"endpoint": {"address": {"socket_address": {"address": host, "port_value": int(port)}}}}
        bounds = {"max_connections": 100000, "max_pending_requests": 100000, "max_requests": 100000}
        cluster = {
            "name": "platform", "type": "STATIC", "connect_timeout": "5s", "circuit_breakers": {"thresholds": [bounds]},
            "load_assignment": {"cluster_name": "platform", "endpoints": [{"lb_endpoints": [target]}]},
        }
        pem = {"certificate_chain": {"filename": f"{self.setup.tls}/chain.pem"}, "private_key": {"filename": f"{self.setup.tls}/key.pem"}}
        tls = typed("transport_sockets.tls.v3.DownstreamTlsContext", common_tls_context={"tls_certificates": [pem]})
        listeners = [self.listener("plain", self.h1), self.listener("tls", self.tls, {"name": "tls", "typed_config": tls})]
        text = json.dumps({"static_resources": {"listeners": listeners, "clusters": [cluster]}})
        path = self.write("envoy.json", text)
        return [self.setup.envoy, "-c", path, "--concurrency", "1", "--log-level", "error", "--disable-hot-restart"]

    def listener(self, name, port, transport=None):
        chain = {"filters": [{"name": "http", "typed_config": self.manager()}]}
        if transport:
            chain["transport_socket"] = transport
        return {"name": name, "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}, "filter_chains": [chain]}

    def manager(self):
        setup = self.setup
        credentials = [{"key": key, "client": f"alive-{key}"} for key, *_ in lines(setup.keys)]
        credentials += [{"key": key, "client": f"revoked-{key}"} for key, *_ in lines(setup.revoked)]
        always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
        revoked = {"header": {"name": "x-partner", "string_match": {"prefix": "revoked-"}}}
        filters = [
            ("key", typed("filters.http.api_key_auth.v3.ApiKeyAuth", credentials=credentials, key_sources=[{"header": "x-api-key"}],
                          forwarding={"header": "x-partner", "hide_credentials": True})),
            ("revoked", typed("filters.http.rbac.v3.RBAC", rules={
                "action": "DENY", "policies": {"revoked": {"permissions": [{"any": True}], "principals": [revoked]}}})),
            ("rate", typed(
                "filters.http.local_ratelimit.v3.LocalRateLimit", stat_prefix="rate", token_bucket=bucket(100_000_000),
                filter_enabled=always, filter_enforced=always, always_consume_default_token_bucket=False, max_dynamic_descriptors=20_000,
                rate_limits=[{"actions": [{"request_headers": {"header_name": "x-partner", "descriptor_key": "partner"}}]}],
                descriptors=[{"entries": [{"key": "partner"}], "token_bucket": bucket(100_000)}])),
            ("router", typed("filters.http.router.v3.Router", suppress_envoy_headers=True)),
        ]
        routes = [{"match": {"prefix": route[0]}, "route": {"cluster": "platform"}} for route in lines(setup.routes)]
        return typed(
            "filters.network.http_connection_manager.v3.HttpConnectionManager", stat_prefix="partners", codec_type="AUTO",
            generate_request_id=False, http_filters=[{"name": name, "typed_config": config} for name, config in filters],
            route_config={"name": "all", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]})


def typed(kind, **members):
    return {"@type": f"type.googleapis.com/envoy.extensions.{kind}", **members}


def bucket(tokens):
    return {"max_tokens": tokens, "tokens_per_fill": tokens, "fill_interval": "1s"}


ALL = [Nginx, Portcullis, Haproxy, NginxLua, Envoy]
