#!/usr/bin/env bash
# Make sure that the Lambda base image of Python 3.13 is there for `sam local invoke`: pulled from the public registry
# where it can be reached, else a stand-in made from Debian, this machine's Python and the real Lambda runtime client.
# Starts a Docker engine where none answers. Installing and starting an engine, and the stand-in, need root and Debian.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=$(readlink -f "$root/.local/venv/bin/python") # the one outside the virtual environment
tag=public.ecr.aws/lambda/python:3.13-x86_64
engine_log=/var/log/dockerd-flareflow.log
engine_seconds=20
pull_seconds=120

start_engine() {
  command -v dockerd >/dev/null || apt-get install --yes -qq docker.io iptables >/dev/null
  setsid dockerd >"$engine_log" 2>&1 </dev/null &
  for _ in $(seq $((engine_seconds * 2))); do
    docker info >/dev/null 2>&1 && return
    sleep 0.5
  done
  echo "Docker's engine did not start:" >&2
  tail -n 20 "$engine_log" >&2
  exit 1
}

debian_root() { # FOLDER: the smallest Debian that can run our Python
  command -v debootstrap >/dev/null || apt-get install --yes -qq debootstrap >/dev/null
  local mirror suite
  mirror=$(grep -rhE '^URIs:' /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '{print $2}' | grep -m1 '/debian/*$' || true)
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  debootstrap --variant=minbase --include=ca-certificates,libssl3,libffi8,libsqlite3-0,zlib1g \
    "$suite" "$1" ${mirror:+"$mirror"} >/dev/null
}

add_runtime() { # FOLDER: Python, and Lambda's runtime client where the emulator of `sam local` looks for it
  local prefix
  prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
  mkdir -p "$1$prefix" "$1"/var/{runtime,task,rapid} "$1/opt"
  cp -a "$prefix/." "$1$prefix/"
  "$root/.local/uv/bin/uv" pip install --quiet --python "$python" --target "$1/var/runtime" \
    --constraint "$root/requirements/dev.txt" awslambdaric boto3
  cat >"$1/var/runtime/bootstrap" <<BOOTSTRAP
#!/bin/sh
export PYTHONPATH=/opt/python:/var/task:/var/runtime
cd /var/task
exec $python -m awslambdaric "\$_HANDLER"
BOOTSTRAP
  chmod +x "$1/var/runtime/bootstrap"
}

docker info >/dev/null 2>&1 || start_engine
docker image inspect "$tag" >/dev/null 2>&1 && exit
timeout "$pull_seconds" docker pull --quiet "$tag" 2>/dev/null && exit

echo "$tag cannot be pulled; making a stand-in"
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
debian_root "$files"
add_runtime "$files"
tar -C "$files" -c . | docker import \
  -c 'ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin' \
  -c 'WORKDIR /var/task' - "$tag" >/dev/null
echo "$tag made"
