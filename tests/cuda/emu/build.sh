# shellcheck shell=bash disable=SC2154 # work is the folder of who sources this
# Sourced: sources for the emulated device become objects of $work.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
emulated="-std=c++17 -ffp-contract=off -fno-math-errno -fno-trapping-math"

# compile OBJECT SOURCE FLAGS...: includes from $runtime, if set, before the tree's.
compile() {
    local include=${runtime:-$root/runtime}
    # shellcheck disable=SC2086  # the flags are words
    case $2 in
    *.c) "${CC:-cc}" -std=gnu11 -O2 -ffp-contract=off -I"$include" -I"$root/runtime/include" \
        -I"$root/templates" "${@:3}" -c "$2" -o "$1" ;;
    *) "${CXX:-g++}" $emulated -I"$root/tests/cuda/emu" -I"$include" -I"$root/runtime/include" \
        -I"$root/templates" "${@:3}" -x c++ -c "$2" -o "$1" ;;
    esac
}

# What a program for the emulated device links, into $work/$1: plain, or tsan for the sanitizer.
compile_device() {
    mkdir -p "$work/$1"
    local flags=()
    [ "$1" = plain ] || flags=(-DEMULATE_TSAN)
    for source in emulate runtime; do
        compile "$work/$1/$source.o" "$root/tests/cuda/emu/$source.cpp" -O2 "${flags[@]}" || return
    done
}
