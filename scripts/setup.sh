# Sourced by the other scripts: the repository's root, and what must be installed.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}

have_header() {
    printf '#include <stdio.h>\n#include <%s>\n' "$1" |
        gcc -E $(printf -- ' -idirafter %s' /usr/lib/llvm-*/include) - >/dev/null 2>&1
}

# need PROBE PACKAGE...: notes the packages as missing where PROBE (a command, or a header
# NAME.h) is not there.
missing=()
need() {
    local probe=$1
    shift
    case $probe in
    *.h) have_header "$probe" || missing+=("$@") ;;
    *) command -v "$probe" >/dev/null || missing+=("$@") ;;
    esac
}

# Debian's names of what a build needs; --tests adds what the tests need.
needed_packages() {
    need gcc gcc libc6-dev
    need cmake cmake
    need ninja ninja-build
    need flex flex
    need bison bison
    need stdlib.h libc6-dev
    need zlib.h zlib1g-dev
    need png.h libpng-dev
    need jpeglib.h libjpeg62-turbo-dev
    need protobuf-c/protobuf-c.h libprotobuf-c-dev
    need protoc-c protobuf-c-compiler
    need hdf5/serial/hdf5.h libhdf5-dev
    [ "${1:-}" = --tests ] || return 0
    need clang clang
    need g++ g++
    need valgrind valgrind libc6-dbg
    need CUnit/CUnit.h libcunit1-dev
    need mpfr.h libmpfr-dev
    need gmp.h libgmp-dev
    need pkg-config pkg-config
    need arm-none-eabi-gcc gcc-arm-none-eabi libnewlib-arm-none-eabi
    need qemu-system-arm qemu-system-arm
    need riscv64-unknown-elf-gcc gcc-riscv64-unknown-elf
    need qemu-system-riscv32 qemu-system-misc
    need mpirun.openmpi libopenmpi-dev openmpi-bin
    need mpirun.mpich libmpich-dev mpich
    need clang-c/Index.h libclang-dev
}

# Installs what is missing, by apt; without apt or the right to use it, says what to install.
install_missing() {
    needed_packages "$@"
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    if ! command -v apt-get >/dev/null || { [ -n "$as_root" ] && ! command -v sudo >/dev/null; }; then
        echo "Missing, and there is no apt-get (or no right to use it) to install it." >&2
        echo "Install these (Debian's names) and run this again: ${missing[*]}" >&2
        exit 1
    fi
    echo "installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -qq &&
        $as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || {
        echo "apt-get could not install: ${missing[*]}" >&2
        exit 1
    }
}

# build DIR OPTION...: configures DIR with the CMake options and builds it, or its $build_target.
build() {
    local dir=$1
    shift
    mkdir -p "$(dirname "$dir")"
    cmake -S "$root" -B "$dir" "$@" >"$dir.log" 2>&1 &&
        cmake --build "$dir" -j "$jobs" ${build_target:+--target "$build_target"} >>"$dir.log" 2>&1 || {
        grep -E -A8 '(error|Error|FAILED)[ :]' "$dir.log" | head -60 >&2
        echo "the build failed: all of it is in ${dir#"$root"/}.log" >&2
        return 1
    }
}
