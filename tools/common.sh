# Shared by the launchers: finds the SDK, builds quietly, says what is missing.
# shellcheck shell=bash
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

require_sdk() {
  command -v dotnet >/dev/null 2>&1 \
    || die "the .NET 10 SDK is missing. Install it with: apt-get install dotnet-sdk-10.0 (or see https://dot.net/download)"
  dotnet --version >/dev/null 2>&1 \
    || die "no .NET 10 SDK among: $(dotnet --list-sdks | tr '\n' ' '). Install it with: apt-get install dotnet-sdk-10.0"
}

# quietly COMMAND: shows its output only when it fails, warnings and errors first.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    sort -u "$log" | grep -E 'error|warning' >&2 || cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# build PROJECT-OR-SOLUTION: a release build.
build() {
  quietly dotnet build "$1" --configuration Release --verbosity quiet --nologo || die "the build of $1 failed"
}

# publish_tenon: artifacts/tenon/tenon, compiled ahead of time so that it starts at once.
publish_tenon() {
  require_sdk
  if [ -t 2 ]; then say "building tenon (the first time takes a minute) ..."; fi
  mkdir -p artifacts
  touch artifacts/tenon.building
  quietly dotnet publish src/Tenon/Tenon.csproj --configuration Release --use-current-runtime --no-self-contained \
    -p:PublishReadyToRun=true --verbosity quiet --nologo --output artifacts/tenon || die "the build of src/Tenon failed"
  mv artifacts/tenon.building artifacts/tenon.stamp
}

# publish_cni: artifacts/tenon/tenon-cni beside it, which brings its own runtime: what the node's agent installs on nodes.
publish_cni() {
  require_sdk
  if [ -t 2 ]; then say "building tenon-cni ..."; fi
  mkdir -p artifacts
  touch artifacts/cni.building
  quietly dotnet publish src/Tenon.Cni/Tenon.Cni.csproj --configuration Release --use-current-runtime --self-contained \
    -p:PublishReadyToRun=true -p:PublishSingleFile=true -p:PublishTrimmed=true -p:DebugType=none -p:PublishDocumentationFiles=false --verbosity quiet --nologo \
    --output artifacts/tenon || die "the build of src/Tenon.Cni failed"
  mv artifacts/cni.building artifacts/cni.stamp
}

# sources_newer_than FILE [SOURCE...]: whether anything that goes into the build changed since FILE was made.
sources_newer_than() {
  local made=$1
  shift
  if [ $# = 0 ]; then set -- src; fi
  [ ! -e "$made" ] || [ -n "$(find "$@" Directory.*.props global.json \( -name bin -o -name obj \) -prune -o -newer "$made" -type f -print -quit)" ]
}

# The plugin's sources: it is made anew for these alone.
cni_sources=(src/Tenon.Cni src/Tenon.Node/Cni/CniWire.cs)
