# REMARKS ASSEMBLY SOURCE: loops marked INDEPENDENT of an augment, train, update, evaluate or init
# function that the compiler did not vectorise, or only behind a test whether arrays overlap, and
# functions with such loops in whose code no wide vectors are.  Loops over fewer than SHORT
# elements may be unrolled; those over the draws of a sample may have one turn.
BEGIN { SHORT = 17 }
FNR == 1 { file++ }

# A line that gcc or clang says it vectorised.
file == 1 && match($0, /\.c:[0-9]+:[0-9]+: (optimized: (loop|basic)|remark: .*[vV]ectorized)/) {
    split(substr($0, RSTART + 3), place, ":")
    vector[place[1]] = 1
}
file == 1 && match($0, /\.c:[0-9]+:[0-9]+: .*possible aliasing/) {
    split(substr($0, RSTART + 3), place, ":")
    versioned[place[1]] = 1
}

file == 2 && /^[0-9a-f]+ <.*>:$/ {
    name = $2
    gsub(/[<>:]/, "", name)
    known[name] = 1
}
file == 2 && $2 ~ /^v/ && /%[yz]mm/ {
    wide[name]++
}

file == 3 && /^(INV_UNMERGED )?static void / {
    name = $0
    sub(/\(.*/, "", name)
    sub(/.* /, "", name)
}
file == 3 && /^ *INDEPENDENT( ROLLED)?$/ && name ~ /^(augment|train|update|evaluate|init)_/ {
    at = FNR + 1
}
file == 3 && at && FNR >= at {
    match($0, /^ */)
    if (FNR == at) {
        head = $0
        indent = RLENGTH
        seen = apart = 0
        whole = $0 !~ /\{$/
        extent = $0
        sub(/.* < /, "", extent)
        short = extent ~ /^[0-9]+;/ && extent + 0 < SHORT || /draws\.quads/ && name ~ /^augment/
    }
    seen = seen || FNR in vector
    apart = apart || FNR in versioned
    body = FNR > at ? body $0 : ""
    if (FNR > at && (whole || RLENGTH == indent)) {
        loops += !short
        if (!seen && !short) {
            print name ", line " at ": not vectorised:" head
            bad = 1
        }
        if (apart && !short) {
            print name ", line " at ": tests whether its arrays overlap:" head
            bad = 1
        }
        if (!short && body ~ /inv_/ && name in known)
            needed[name] = 1
        at = 0
    }
}

END {
    for (name in needed)
        if (!wide[name]) {
            print name ": no instruction on vectors in its code"
            bad = 1
        }
    print loops + 0 " loops"
    exit bad || loops < 10
}
