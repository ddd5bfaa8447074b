#!/bin/sh
# What cron calls: results go to the folder that PIPEWRIGHT_OUT names, else to ~/@NAME@. Each secret stands in a file of its
# own, which only its owner may read, in the folder that PIPEWRIGHT_SECRETS names, else in ~/.pipewright-secrets.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd -P)
out=${PIPEWRIGHT_OUT:-$HOME/@NAME@}
secrets=${PIPEWRIGHT_SECRETS:-$HOME/.pipewright-secrets}
secret() {
  if [ -n "$(find "$secrets/$1" -perm /077 2>/dev/null)" ]; then
    echo "error: others may read the secret $secrets/$1: chmod 600 it" >&2
    exit 1
  fi
  value=$(cat -- "$secrets/$1")
  export "$1=$value"
}
# Parameters; those in a comment have a default.
@GIVEN@
@INTERVALS@
@SECRETS@
mkdir -p -- "$out"
# A run that takes longer than a day is not overtaken.
exec 8>"$out/.pipewright-cron-lock"
flock -n 8 || {
  echo "error: the run before has not ended" >&2
  exit 1
}
exec "$here/run.sh" "$out"
