# Instructions of PTX that could give other bits than docs/numerics.md: prints `KERNEL: INSTRUCTION`
# for each and ends with status 1.  What works on floats must be on the list of what is exact; a
# load or store that does not say which memory it means is exact too, but slow (see inv_global).
function name(text) {
    sub(/.*\.(entry|func) +/, "", text)
    sub(/^\(.*\) */, "", text)
    sub(/\(.*/, "", text)
    return text
}

function exact(op) {
    return op ~ /^(add|sub|mul|div|sqrt|fma|rcp)\.rn\.f32$/ ||
           op ~ /^(mov|neg|abs|selp)\.f32$/ ||
           op ~ /^setp\.(eq|ne|lt|le|gt|ge)u?(\.(and|or|xor))?\.f32$/ ||
           op ~ /^setp\.(num|nan)(\.(and|or|xor))?\.f32$/ ||
           op ~ /^(ld|st)\.(param|global|shared|local)(\.nc)?(\.v[24])?\.f32$/ ||
           op ~ /^cvt\.rn\.f32\.[su](8|16|32|64)$/ ||
           op ~ /^cvt\.rzi\.[su](32|64)\.f32$/ ||
           op ~ /^(mov\.f64|cvt\.rzi\.u64\.f64)$/ # a probability as a threshold: exact
}

function forbidden(op) {
    return op ~ /\.(approx|ftz|full|sat)(\.|$)/ ||
           op ~ /^(ex2|lg2|sin|cos|tanh|rsqrt|mma|wmma|wgmma|tcgen05|call|fns|tex|suld)(\.|$)/ ||
           op ~ /\.(f16|bf16|tf32|f32|f64|e[0-9]m[0-9])(x[24])?(\.|$)/ && !exact(op)
}

/\.(entry|func) / { kernel = name($0); kernels++ }
/^[ \t]*(@!?%p[0-9]+[ \t]+)?[a-z]/ {
    op = $1 ~ /^@/ ? $2 : $1
    sub(/;$/, "", op)
    instructions++
    if (forbidden(op)) {
        printf "%s: %s\n", kernel, op
        bad++
    }
}
END {
    if (kernels == 0 || instructions < 10 * kernels) {
        print "hardly any instruction was found"
        bad++
    }
    exit bad > 0
}
