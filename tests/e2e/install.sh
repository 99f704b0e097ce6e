#!/bin/bash
# install.sh BUILD CMAKE LIBDIR - what is installed can be used by a stranger:
# by pkg-config, by CMake, and after the whole tree was moved.
set -euo pipefail
build=$1 cmake=$2 libdir=$3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
DESTDIR='' "$cmake" --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
prefix=$work/moved

"$prefix/bin/tokeng" version
for folder in lua/tokeng policies web; do
    test -d "$prefix/share/tokeng/$folder" || {
        echo "share/tokeng/$folder is not installed"
        exit 1
    }
done

for module in tokeng.lua tokeng/native.lua; do
    test -f "$prefix/share/lua/5.1/resty/$module" || {
        echo "share/lua/5.1/resty/$module is not installed"
        exit 1
    }
done

mkdir "$work/host"
cat >"$work/host/host.c" <<'C'
#include <stdio.h>
#include <tokeng.h>

int main(void)
{
    char why[512] = "";
    struct tokeng_engine_options o = {.size = sizeof o, .config = "tokeng.lua",
        .dir = "run", .why = why, .why_cap = sizeof why};
    struct tokeng_engine *engine;
    int rc = tokeng_engine_start(&o, &engine);

    printf("ABI %u, engine: %s %s\n", tokeng_abi(), tokeng_strerror(rc), why);
    tokeng_engine_stop(engine);
    return tokeng_abi() != TOKENG_ABI || rc != 0;
}
C
cat >"$work/tokeng.lua" <<'LUA'
return { policy = "threshold", sources = { crm = { provider = "oauth2",
  token_url = "https://sso.example/token", client_id = "crm",
  client_secret = secret.file "secret" } } }
LUA
(umask 077 && echo fake >"$work/secret")
cat >"$work/host/CMakeLists.txt" <<'LISTS'
cmake_minimum_required(VERSION 3.21)
project(host LANGUAGES C)
find_package(tokeng 0.1 REQUIRED)
add_executable(host host.c)
target_link_libraries(host PRIVATE tokeng::tokeng)
LISTS

export PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
flags=$(pkg-config --cflags --libs tokeng)
# shellcheck disable=SC2086 # several words are meant
cc "$work/host/host.c" $flags -Wl,-rpath,"$prefix/$libdir" -o "$work/host/plain"

(cd "$work" && host/plain)

"$cmake" -S "$work/host" -B "$work/host/build" \
    -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
"$cmake" --build "$work/host/build" >/dev/null
(cd "$work" && host/build/host)

# shellcheck disable=SC2086 # several words are meant
cc -Wall -Wextra -Werror examples/c/get.c $flags -Wl,-rpath,"$prefix/$libdir" \
    -o "$work/get"
status=0
said=$(TOKENG_SOCKET=$work/none "$work/get" crm/client 2>&1) || status=$?
[ "$status:$said" = "1:get: crm/client: no engine is listening" ] || {
    echo "examples/c without an engine: exit $status, $said"
    exit 1
}
