# Shared by the scripts: where we are, how a step is announced, how a missing tool is installed.
# Sourced, not run. Assumes bash with `set -euo pipefail`.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
mkdir -p "$TARGET"
STARTED=$(date +%s)

say() { printf '\n== %s (%s s)\n' "$*" "$(($(date +%s) - STARTED))"; }
die() {
  printf '\nFAILED: %s\n' "$*" >&2
  exit 1
}

# Installs Debian packages; says what to do by hand where that isn't possible.
apt_install() {
  local asroot=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "please install: $* (neither root nor sudo here)"
    asroot=(sudo)
  fi
  command -v apt-get >/dev/null || die "please install: $* (there is no apt-get here)"
  say "installing $*"
  "${asroot[@]}" apt-get update -q
  "${asroot[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

need_compiler() {
  command -v cc >/dev/null || apt_install gcc libc6-dev
}

need_git() {
  command -v git >/dev/null || apt_install git
}

need_rust() {
  [ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
  command -v cargo >/dev/null || die "please install Rust first (rustup), then run this again"
  # rustup fetches the toolchain of rust-toolchain.toml by itself, with its components.
  cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 ||
    rustup component add rustfmt clippy ||
    die "please install rustfmt and clippy for $(cargo --version)"
}

need_openssl() {
  command -v openssl >/dev/null || apt_install openssl
}

need_python() {
  command -v python3 >/dev/null || apt_install python3
}

need_venv() {
  need_python
  python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3 python3-venv
}

# Installs packages of Python into a folder of their own, once for each list: `python_packages VENV LIST`.
python_packages() {
  cmp -s "$2" "$1/installed.txt" && return
  rm -rf "$1"
  python3 -m venv "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$2" ||
    die "what $2 lists could not be installed; with no package index at hand, set SKIP_SDK=1"
  cp "$2" "$1/installed.txt"
}

# Debian's npm brings some 300 packages with it and takes its minute, once.
need_node() {
  command -v node >/dev/null && command -v npm >/dev/null || apt_install nodejs npm
}

# The release binary and the sample platform's; quick when nothing changed. In one command, since
# cargo would otherwise choose other features for the second and build everything under it again.
release_binaries() {
  cargo build --release --locked --package portcullis --package portcullis-plaza
}
