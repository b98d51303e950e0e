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

# build PROJECT-OR-SOLUTION: release build; prints only warnings and errors.
build() {
  local log
  log=$(mktemp)
  if ! dotnet build "$1" --configuration Release --verbosity quiet --nologo >"$log" 2>&1; then
    sort -u "$log" | grep -E 'error|warning' >&2 || cat "$log" >&2
    rm -f "$log"
    die "the build of $1 failed"
  fi
  rm -f "$log"
}

# sources_newer_than FILE: whether anything that goes into the build changed since FILE was made.
sources_newer_than() {
  [ ! -e "$1" ] || [ -n "$(find src Directory.*.props global.json -newer "$1" \
    \( -name bin -o -name obj \) -prune -o -newer "$1" -type f -print -quit 2>/dev/null)" ]
}
