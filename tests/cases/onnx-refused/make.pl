# make.pl NAME > NAME.onnx: small ONNX files, most of which something is wrong with.
use strict;
use warnings;

sub varint { my $n = shift; my $s = ""; while ($n > 127 || $n < 0) { $s .= chr($n & 127 | 128); $n >>= 7 } $s . chr $n }
sub whole { my ($field, $n) = @_; varint($field * 8) . varint($n) }
sub bytes { my ($field, $s) = @_; varint($field * 8 + 2) . varint(length $s) . $s }

# -1, in ten bytes, is how some write an extent that is open.
sub dimension { my $d = shift; $d eq "-1" ? "\x08" . "\xff" x 9 . "\x01" : $d =~ /^\d+$/ ? whole(1, $d) : bytes(2, $d) }
sub info {
    my ($name, $type, @dims) = @_;
    my $shape = join "", map { bytes(1, dimension($_)) } @dims;
    bytes(1, $name) . bytes(2, bytes(1, whole(1, $type) . bytes(2, $shape)))
}
sub tensor {
    my ($name, $type, $raw, @dims) = @_;
    join("", map { whole(1, $_) } @dims) . whole(2, $type) . bytes(8, $name) . bytes(9, $raw)
}
sub external {
    my ($name, $location, @dims) = @_;
    join("", map { whole(1, $_) } @dims) . whole(2, 1) . bytes(8, $name) .
        bytes(13, bytes(1, "location") . bytes(2, $location)) . whole(14, 1)
}
sub node {
    my ($op, $in, $out, @more) = @_;
    join("", map { bytes(1, $_) } @$in) . join("", map { bytes(2, $_) } @$out) . bytes(4, $op) . join "", @more
}
sub attribute { my ($name, $field, $value) = @_; bytes(5, bytes(1, $name) . whole($field, $value)) }
sub word { my ($name, $text) = @_; bytes(5, bytes(1, $name) . bytes(4, $text) . whole(20, 3)) }
sub numbers { my ($name, @n) = @_; bytes(5, bytes(1, $name) . join("", map { whole(8, $_) } @n) . whole(20, 7)) }
sub graph {
    my %g = @_;
    join("", map { bytes(1, $_) } @{$g{nodes}}) . bytes(2, "g") .
        join("", map { bytes(5, $_) } @{$g{tensors} || []}) .
        join("", map { bytes(11, $_) } @{$g{inputs} || [info("x", 1, "n", 4)]}) .
        join("", map { bytes(12, $_) } @{$g{outputs} || [info("y", 1, "n", 4)]})
}
sub model { my ($graph, $opset, @more) = @_; whole(1, 8) . bytes(7, $graph) . bytes(8, whole(2, $opset || 13)) . join "", @more }

my $relu = node("Relu", ["x"], ["y"]);
my $raw = pack "f<*", 1 .. 16;
my $product = node("MatMul", ["x", "w"], ["y"]);
my $deep = "";
$deep = bytes(1, node("If", ["x"], ["y"], bytes(5, bytes(1, "then") . bytes(6, $deep)))) for 1 .. 200;

my $whole = node("Cast", ["x"], ["a"], attribute("to", 3, 6));
my @labelled = (inputs => [info("x", 1, "n", 4), info("t", 7, "n")], outputs => [info("y", 1, "n")]);

sub scattered {
    my ($places, @more) = @_;
    model(graph(nodes => [node("ScatterElements", ["x", "i", "u"], ["y"], @more)], inputs => [info("x", 1, 4)], outputs => [info("y", 1, 4)],
                tensors => [tensor("i", 7, pack("q<*", @$places), 2), tensor("u", 1, pack("f<*", 5, 6), 2)]), 18);
}

# Graphs within nodes: an If of a condition, and a Loop of so many turns.
sub within { my ($name, $graph) = @_; bytes(5, bytes(1, $name) . bytes(6, $graph) . whole(20, 5)) }
sub body { my %b = @_; graph(inputs => [map { info($_, 1) } @{$b{in} || []}], outputs => [map { info($_, 1) } @{$b{out}}],
                             nodes => $b{nodes}, tensors => $b{tensors}) }
sub branch {
    my ($taken, @more) = @_;
    model(graph(nodes => [node("If", ["c"], ["h"], within("then_branch", body(out => ["q"], nodes => [node("MatMul", ["x", "w"], ["q"])])),
                               within("else_branch", body(out => ["q"], nodes => [node("Neg", ["x"], ["q"])]))), node("Relu", ["h"], ["y"]), @more],
                tensors => [tensor("w", 1, $raw, 4, 4), @more ? () : tensor("c", 9, chr $taken)]))
}
sub turns {
    my ($turns, $go, @more) = @_;
    model(graph(nodes => [node("Loop", ["m", "", "x"], ["l", "s"], within("body", body(in => ["i", "go", "a"], out => [$go, "b", "q"],
                               nodes => [node("MatMul", ["a", "v"], ["q"]), node("Tanh", ["q"], ["b"]), @more], tensors => [tensor("v", 1, $raw, 4, 4)]))),
                          node("ReduceSum", ["s", "z"], ["r"], attribute("keepdims", 3, 0)), node("Add", ["l", "r"], ["y"])],
                tensors => [tensor("m", 7, pack("q<", $turns)), tensor("z", 7, pack("q<", 0), 1)]))
}

sub whole_numbers { pack("q<*", @_) }
sub reals { pack("f<*", @_) }
my $two = tensor("m", 7, whole_numbers(2));

# y = If(true): a branch of these nodes, which make q, and of these tensors.
sub taken {
    my ($nodes, @tensors) = @_;
    model(graph(nodes => [node("If", ["c"], ["y"], within("then_branch", body(out => ["q"], nodes => $nodes, tensors => \@tensors)))],
                tensors => [tensor("c", 9, "\1")]))
}
# y = twice the body of these nodes from x on, which make b of a; `before` and `behind` it.
sub doubled_body {
    my %d = (go => "go", in => ["i", "go", "a"], before => [], behind => [], inner => [], tensors => [], carried => "x", result => "y", out => [], scanned => [], @_);
    model(graph(nodes => [@{$d{before}}, node("Loop", ["m", "", $d{carried}], [$d{result}, @{$d{scanned}}], within("body",
                               body(in => $d{in}, out => [$d{go}, "b", @{$d{out}}], nodes => $d{nodes}, tensors => $d{inner}))), @{$d{behind}}],
                tensors => [$two, @{$d{tensors}}]))
}
# Loops within loops: 10 a + 1 + 1 twice, where the inner one calls what it carries $in, its turn
# $turn, and what it makes $made.
sub nested {
    my ($in, $turn, $made) = @_;
    my $inner = body(in => [$turn, "go2", $in], out => ["go2", $made], nodes => [node("Add", [$in, "one"], [$made])]);
    doubled_body(nodes => [node("Mul", ["a", "ten"], ["t"]), node("Loop", ["m", "", "t"], ["u"], within("body", $inner)), node("Identity", ["u"], ["b"])],
                 tensors => [tensor("one", 1, reals(1), 1), tensor("ten", 1, reals(10), 1)])
}
# A branch within a loop that makes $name of $other, and reads a, which is x in the first turn, and t.
sub captured {
    my ($other, $name) = @_;
    my $inner = body(out => ["v"], nodes => [node("Exp", ["a"], [$other]), node("Neg", [$other], [$name]), node("Sub", ["t", $name], ["v"])]);
    doubled_body(nodes => [node("Tanh", ["a"], ["t"]), node("If", ["c"], ["u"], within("then_branch", $inner)), node("Add", ["t", "u"], ["b"])],
                 tensors => [tensor("c", 9, "\1")])
}
# A branch within a branch with a tensor of its own, beside the outer one's and the graph's.
sub tensors_within {
    my $name = shift;
    my $inner = body(out => ["v"], nodes => [node("Add", ["x", $name], ["v"])], tensors => [tensor($name, 1, reals(3, 3, 3, 3), 4)]);
    model(graph(nodes => [node("If", ["c"], ["h"], within("then_branch",
                               body(out => ["b"], nodes => [node("Mul", ["x", "k"], ["t"]), node("If", ["c"], ["u"], within("then_branch", $inner)), node("Add", ["t", "u"], ["b"])],
                                    tensors => [tensor("k", 1, reals(2, 2, 2, 2), 4)]))), node("Sub", ["h", "k"], ["y"])],
                tensors => [tensor("c", 9, "\1"), tensor("k", 1, reals(1, 1, 1, 1), 4)]))
}
# The graph has a value of this name, and a loop behind it turns, and stacks s.
sub beside_turns {
    my $name = shift;
    doubled_body(before => [node("Mul", ["x", "two"], [$name])], nodes => [node("Cast", ["i"], ["f"], attribute("to", 3, 1)), node("Add", ["a", "f"], ["g"]), node("Tanh", ["g"], ["b"])],
                 result => "l", out => ["b"], scanned => ["s"], tensors => [tensor("two", 1, reals(2), 1), tensor("z", 7, whole_numbers(0), 1)],
                 behind => [node("ReduceSum", ["s", "z"], ["r"], attribute("keepdims", 3, 0)), node("Add", ["l", "r"], ["o"]), node("Sub", ["o", $name], ["y"])])
}
# A loop whose condition is `flag`, true in the graph, which a tensor $own of the body is not.
sub flagged { doubled_body(go => "flag", nodes => $_[1] || [node("Tanh", ["a"], ["b"])], inner => [tensor($_[0], 9, "\0")], tensors => [tensor("flag", 9, "\1")]) }

# A loop over [rows, 3, 2], or [3, rows, 2]: weights of 2 units, and further inputs behind them.
sub recurrent {
    my ($op, $gates, $first, $more, $before, @tensors) = @_;
    model(graph(nodes => [@$before, node($op, ["x", "w", "r", "", @$more], ["", "y"], attribute("hidden_size", 3, 2), attribute("layout", 3, $first))],
                inputs => [info("x", 1, $first ? ("n", 3, 2) : (3, 2, 2))], outputs => [info("y", 1, $first ? "n" : 1, 1, 2)],
                tensors => [(map { tensor($_, 1, pack("f<*", (0.1) x (4 * $gates)), 1, 2 * $gates, 2) } "w", "r"), @tensors]), 15)
}
my @zeros = (node("Shape", ["x"], ["n"], attribute("end", 3, 1)), node("Concat", ["n", "d", "u"], ["s"], attribute("axis", 3, 0)), node("ConstantOfShape", ["s"], ["h"]));

# x [rows, 2, 4] and w [4, 4] by an equation.
sub equation {
    my ($equation, @in) = @_;
    model(graph(nodes => [node("Einsum", ["x", @in], ["y"], word("equation", $equation))], inputs => [info("x", 1, "n", 2, 4)],
                outputs => [info("y", 1, "n", 4)], tensors => [tensor("w", 1, $raw, 4, 4)]))
}

# Attention of 2 places of 2 heads with 4 features each.
sub attended {
    my ($opset, $more, @tensors) = @_;
    model(graph(nodes => [node("Attention", ["x", "k", "v", @{$more->{in} || []}], ["y"], map({ attribute($$_[0], 3, $$_[1]) } ["q_num_heads", $more->{heads} || 2], ["kv_num_heads", 2], @{$more->{said} || []}))],
                inputs => [map { info($_, 1, "n", 2, 8) } "x", "k", "v"], outputs => [info("y", 1, "n", 2, 8)], tensors => \@tensors), $opset)
}
# A scan of sums over the second axis of [rows, 3, 4].
sub scanned {
    my (@more) = @_;
    my $body = body(in => ["s", "e"], out => ["b", "c"], nodes => [node("Add", ["s", "e"], ["b"]), node("Identity", ["b"], ["c"])]);
    model(graph(nodes => [node("Scan", ["z", "x"], ["f", "y"], within("body", $body), attribute("num_scan_inputs", 3, 1), @more)],
                inputs => [info("x", 1, "n", 3, 4), info("z", 1, "n", 4)], outputs => [info("y", 1, "n", 3, 4), info("f", 1, "n", 4)]), 16)
}
# One node of inputs x [rows, ...] and further ones, which come with their types.
sub single_node {
    my ($opset, $node, $in, $out, @tensors) = @_;
    model(graph(nodes => [$node], inputs => $in, outputs => $out, tensors => \@tensors), $opset)
}
my $image = info("x", 1, "n", 2, 5, 4);
my $grid = info("g", 1, "n", 3, 3, 2);
my $sampled = info("y", 1, "n", 2, 3, 3);
my @bytes_in = (info("x", 3, "n", 4), info("z", 3, "n", 4));

my %files = (
    attended => attended(23, {said => [["is_causal", 1]]}), beheaded => attended(23, {heads => 3}),
    negative_heads => attended(23, {heads => -2}), far_window => attended(25, {said => [["left_window_size", -2]]}),
    unmasked => attended(23, {in => ["m"]}, tensor("m", 9, "\1\0\1\1", 2, 2)),
    reached => attended(25, {said => [["left_window_size", 0]]}), shown => attended(23, {said => [["qk_matmul_output_mode", 4]]}),
    scanned => scanned(numbers("scan_input_axes", 1), numbers("scan_output_axes", 1)),
    over_rows => scanned(numbers("scan_input_axes", 0)), many_axes => scanned(numbers("scan_input_axes", 1, 1)),
    sampled => single_node(20, node("GridSample", ["x", "g"], ["y"], attribute("align_corners", 3, 1)), [$image, $grid], [$sampled]),
    cubic => single_node(20, node("GridSample", ["x", "g"], ["y"], word("mode", "cubic")), [$image, $grid], [$sampled]),
    mirrored => single_node(20, node("GridSample", ["x", "g"], ["y"], word("mode", "nearest") . word("padding_mode", "reflection")), [$image, $grid], [$sampled]),
    shifted => single_node(28, node("BitShift", ["x", "z"], ["y"], word("direction", "LEFT")), \@bytes_in, [info("y", 3, "n", 4)]),
    grouped => single_node(21, node("GroupNormalization", ["x", "norm.weight", "norm.bias"], ["y"], attribute("num_groups", 3, 2)),
                           [info("x", 1, "n", 4, 3)], [info("y", 1, "n", 4, 3)], map { tensor($_, 1, reals(1 .. 4), 4) } "norm.weight", "norm.bias"),
    odd_groups => single_node(21, node("GroupNormalization", ["x", "w", "b"], ["y"], attribute("num_groups", 3, 3)),
                              [info("x", 1, "n", 4, 3)], [info("y", 1, "n", 4, 3)], map { tensor($_, 1, reals(1 .. 4), 4) } "w", "b"),
    eighths => single_node(19, node("Cast", ["x"], ["y"], attribute("to", 3, 17)), [info("x", 1, "n", 4)], [info("y", 17, "n", 4)]),
    powers => single_node(24, node("Cast", ["x"], ["y"], attribute("to", 3, 24)), [info("x", 1, "n", 4)], [info("y", 24, "n", 4)]),
    packed => model(graph(nodes => [node("DequantizeLinear", ["w", "s"], ["v"]), node("Mul", ["x", "v"], ["y"])],
                          tensors => [tensor("w", 22, "\x1f\x82", 4), tensor("s", 1, reals(0.5))]), 21),
    (map { $$_[0] => model(graph(nodes => [node("DequantizeLinear", ["w", "s"], ["v"], attribute("axis", 3, 0), attribute("block_size", 3, $$_[1])), node("Mul", ["x", "v"], ["y"])],
                                 tensors => [tensor("w", 3, "\1\2\3\4", 4), tensor("s", 1, reals(0.5, 1), 2)]), 21) } ["blocks", 2], ["odd_blocks", 3], ["negative_blocks", -2]),
    waves => single_node(20, node("DFT", ["x"], ["y"], attribute("onesided", 3, 1)), [info("x", 1, "n", 4, 1)], [info("y", 1, "n", 3, 2)]),
    sided => single_node(20, node("DFT", ["x"], ["y"], attribute("onesided", 3, 1)), [info("x", 1, "n", 4, 2)], [info("y", 1, "n", 3, 2)]),
    whole_product => model(graph(nodes => [node("MatMulInteger", ["x", "w"], ["y"])], inputs => [info("x", 3, "n", 300)], outputs => [info("y", 6, "n", 1)],
                                 tensors => [tensor("w", 3, "\1" x 300, 300, 1)])),
    pooled => single_node(18, node("LpPool", ["x"], ["y"], numbers("kernel_shape", 2, 2)), [$image], [info("y", 1, "n", 2, 4, 3)]),
    turned_pairs => single_node(23, node("RotaryEmbedding", ["x", "c", "s"], ["y"], attribute("num_heads", 3, 2)), [info("x", 1, "n", 2, 8), info("c", 1, "n", 2, 2), info("s", 1, "n", 2, 2)], [info("y", 1, "n", 2, 8)]),
    odd_pairs => single_node(23, node("RotaryEmbedding", ["x", "c", "s"], ["y"], attribute("num_heads", 3, 3)), [info("x", 1, "n", 2, 8), info("c", 1, "n", 2, 2), info("s", 1, "n", 2, 2)], [info("y", 1, "n", 2, 8)]),
    negative_pairs => single_node(23, node("RotaryEmbedding", ["x", "c", "s"], ["y"], attribute("rotary_embedding_dim", 3, -4), attribute("num_heads", 3, 2)), [info("x", 1, "n", 2, 8), info("c", 1, "n", 2, 2), info("s", 1, "n", 2, 2)], [info("y", 1, "n", 2, 8)]),
    three_parts => single_node(18, node("Split", ["x"], ["y", "z"], attribute("num_outputs", 3, 3), attribute("axis", 3, 1)), [info("x", 1, "n", 4)], [info("y", 1, "n", 2), info("z", 1, "n", 2)]),
    other_units => model(graph(nodes => [node("GRU", ["x", "w", "r"], ["", "y"], attribute("hidden_size", 3, 3), attribute("layout", 3, 1))], inputs => [info("x", 1, "n", 3, 2)], outputs => [info("y", 1, "n", 1, 2)],
                               tensors => [map { tensor($_, 1, pack("f<*", (0.1) x 12), 1, 6, 2) } "w", "r"]), 14),
    (map { my ($name, $op, $n, $periodic) = @$_;
           $name => model(graph(nodes => [node($op, ["size"], ["w"], attribute("periodic", 3, $periodic)), node("Mul", ["x", "w"], ["y"])],
                                inputs => [info("x", 1, "n", $n)], outputs => [info("y", 1, "n", $n)], tensors => [tensor("size", 7, whole_numbers($n))]), 17)
         } ["hann", "HannWindow", 6, 1], ["hamming", "HammingWindow", 3, 0], ["blackman", "BlackmanWindow", 4, 1], ["one_place", "HannWindow", 1, 0]),
    eye => model(graph(nodes => [node("EyeLike", ["e"], ["w"], attribute("k", 3, -1), attribute("dtype", 3, 1)), node("Mul", ["x", "w"], ["y"])],
                       inputs => [info("x", 1, "n", 2, 3)], outputs => [info("y", 1, "n", 2, 3)], tensors => [tensor("e", 6, pack("l<*", (0) x 6), 2, 3)])),
    linear => single_node(27, node("LinearAttention", ["x", "k", "v"], ["y"], word("update_rule", "linear"), attribute("q_num_heads", 3, 2), attribute("kv_num_heads", 3, 2)),
                          [map { info($_, 1, "n", 2, 8) } "x", "k", "v"], [info("y", 1, "n", 2, 8)]),
    ungated => single_node(27, node("LinearAttention", ["x", "k", "v"], ["y"], attribute("q_num_heads", 3, 2), attribute("kv_num_heads", 3, 2)),
                           [map { info($_, 1, "n", 2, 8) } "x", "k", "v"], [info("y", 1, "n", 2, 8)]),
    far_turns => single_node(27, node("LinearAttention", ["x", "k", "v"], ["y"], word("update_rule", "linear"), attribute("q_num_heads", 3, 2), attribute("kv_num_heads", 3, 2)),
                             [map { info($_, 1, "n", 5000, 8) } "x", "k", "v"], [info("y", 1, "n", 5000, 8)]),
    no_turns => single_node(27, node("LinearAttention", ["e", "e", "e"], ["y"], word("update_rule", "linear"), attribute("q_num_heads", 3, 2), attribute("kv_num_heads", 3, 2)),
                            [info("x", 1, "n", 4)], [info("y", 1, 1, 0, 8)], tensor("e", 1, "", 1, 0, 8)),
    empty_scan => single_node(16, node("Scan", ["e"], ["y"], within("body", body(in => ["a"], out => ["b"], nodes => [node("Relu", ["a"], ["b"])])), attribute("num_scan_inputs", 3, 1)),
                              [info("x", 1, "n", 4)], [info("y", 1, 0, 4)], tensor("e", 1, "", 0, 4)),
    no_waves => single_node(20, node("DFT", ["e", "l"], ["y"]), [info("x", 1, "n", 4)], [info("y", 1, 1, 4, 2)], tensor("e", 1, "", 1, 0, 1), tensor("l", 7, whole_numbers(4))),
    laid_grid => single_node(20, node("AffineGrid", ["x", "s"], ["y"]), [info("x", 1, "n", 2, 3)], [info("y", 1, "n", 4, 5, 2)], tensor("s", 7, whole_numbers(1, 1, 4, 5), 4)),
    one_pixel => single_node(20, node("AffineGrid", ["x", "s"], ["y"], attribute("align_corners", 3, 1)), [info("x", 1, "n", 2, 3)], [info("y", 1, "n", 1, 5, 2)], tensor("s", 7, whole_numbers(1, 1, 1, 5), 4)),
    cached => single_node(24, node("TensorScatter", ["x", "u", "i"], ["y"]), [info("x", 1, "n", 4, 2), info("u", 1, "n", 1, 2), info("i", 7, "n")], [info("y", 1, "n", 4, 2)]),
    equation => equation("bij,jk->bik", "w"), turned_sum => equation("bij -> bj"), dotted => equation("...j,kj->...k", "w"),
    implied => equation("bij,jk", "w"), alike => equation("bic,bjc->bij", "x"),
    diagonal => equation("bij,jj->bi", "w"), joined_rows => equation("bij,jk->ik", "w"), crossed => equation("bic,dic->bcd", "x"),
    alone => equation("bij,jk->bk", "w"), unfit => equation("bij,ik->bjk", "w"), unsaid => equation("bij->bz"), odd => equation("b-ij->b"),

    batched => recurrent("GRU", 3, 1, ["", "h"], \@zeros, tensor("d", 7, pack("q<", 1), 1), tensor("u", 7, pack("q<", 2), 1)),
    peeped => recurrent("LSTM", 4, 1, ["", "", "", "p"], [], tensor("p", 1, pack("f<*", 1 .. 6), 1, 6)),
    few_holes => recurrent("LSTM", 4, 1, ["", "", "", "p"], [], tensor("p", 1, pack("f<*", 1 .. 6), 6)),
    started => recurrent("GRU", 3, 1, ["", "h"], [], tensor("h", 1, pack("f<*", 1, 2), 1, 1, 2)),
    (map { my ($name, $units) = @$_;
           $name => model(graph(nodes => [node("LSTM", ["x", "w", "r", "", "", "", "c"], ["", "y"], attribute("hidden_size", 3, 2))],
                                inputs => [info("x", 1, 3, 1, 2)], outputs => [info("y", 1, 1, 1, 2)],
                                tensors => [(map { tensor($_, 1, pack("f<*", (0.1) x 16), 1, 8, 2) } "w", "r"), tensor("c", 1, pack("f<*", 1 .. $units), 1, 1, $units)]), 15) }
         ["begun", 2], ["begun_wide", 3]),
    (map { my ($name, $op, $gates) = @$_;
           $name => model(graph(nodes => [node($op, ["x", "w", "r", "", "", "h"], ["", "y"], attribute("hidden_size", 3, 2))],
                                inputs => [info("x", 1, 3, 1, 2)], outputs => [info("y", 1, 1, 1, 2)],
                                tensors => [(map { tensor($_, 1, pack("f<*", (0.1) x (4 * $gates)), 1, 2 * $gates, 2) } "w", "r"), tensor("h", 1, reals(1, 2), 1, 1, 2)]), 15) }
         ["begun_gru", "GRU", 3], ["begun_rnn", "RNN", 1]),
    both_begun => model(graph(nodes => [node("LSTM", ["x", "w", "r", "", "", "h"], ["", "y", "z"], attribute("hidden_size", 3, 2) . word("direction", "bidirectional"))],
                              inputs => [info("x", 1, 3, 1, 2)], outputs => [info("y", 1, 2, 1, 2), info("z", 1, 2, 1, 2)],
                              tensors => [(map { tensor($_, 1, pack("f<*", (0.1) x 32), 2, 8, 2) } "w", "r"), tensor("h", 1, reals(1 .. 4), 2, 1, 2)]), 15),
    all_turns => recurrent("GRU", 3, 1, ["l"], [], tensor("l", 6, pack("l<*", 3, 3), 2)), few_turns => recurrent("GRU", 3, 1, ["l"], [], tensor("l", 6, pack("l<*", 3, 2), 2)),
    beside_rows => recurrent("GRU", 3, 0, [], []),

    branch => branch(1), other => branch(0), asked => branch(0, node("Less", ["w", "w"], ["c"])),
    turns => turns(2, "go"), while => turns(2, "less", node("Less", ["i", "i"], ["less"])), never => turns(0, "go"), many_turns => turns(5000, "go"),
    huge_turns => turns(4096, "go", map { node("Relu", ["q"], ["q$_"]) } 0 .. 9),
    hollow => model(graph(nodes => [node("If", ["c"], ["y"])], tensors => [tensor("c", 9, "\1")])),

    nested => nested("z", "j", "w"), (map { ("nested_$_" => nested($_, "j", "w"), "inner_$_" => nested("z", "j", $_)) } "a", "t", "x", "t_2"), nested_i => nested("z", "i", "w"),
    captured => captured("e", "w"), captured_x => captured("e", "x"), captured_b => captured("b", "w"), captured_t_2 => captured("t_2", "w"), captured_two => captured("x_2", "x"),
    tensors_other => tensors_within("n"), tensors_k => tensors_within("k"),
    turns_o => beside_turns("o1"), map({ ("turns_" . ($_ =~ s/\W/_/gr) => beside_turns($_)) } "l/turn0", "l/turn1", "s/0", "s/1", "s/0/0", "l/condition"),
    flag_other => flagged("other"), flag_own => flagged("flag"), flag_made => flagged("other", [node("Dropout", ["a"], ["b", "flag"])]),
    twice_within => taken([node("Neg", ["x"], ["q"]), node("Relu", ["q"], ["q"])]),
    over_tensor => taken([node("Neg", ["x"], ["n"]), node("Relu", ["n"], ["q"])], tensor("n", 1, $raw, 4, 4)),
    two_tensors => taken([node("MatMul", ["x", "n"], ["q"])], (tensor("n", 1, $raw, 4, 4)) x 2),
    two_inputs => doubled_body(in => ["i", "go", "i"], nodes => [node("Tanh", ["x"], ["b"])]),
    unnamed_input => doubled_body(in => ["i", "go", ""], nodes => [node("Tanh", ["x"], ["b"])]),
    unnamed_output => doubled_body(out => [""], scanned => ["s"], nodes => [node("Tanh", ["x"], ["b"])]),
    left_out => doubled_body(carried => "", nodes => [node("Clip", ["x", "a"], ["b"])]),
    nameless => taken([node("Clip", ["x", "", "one"], ["q"])], tensor("", 1, reals(5)), tensor("one", 1, reals(1))),
    number_within => taken([node("Mul", ["x", "temperature"], ["q"])], tensor("temperature", 1, reals(3))),
    emb => model(graph(nodes => [node("Gather", ["emb.weight", "x"], ["y"])], inputs => [info("x", 7, "n", 3)], outputs => [info("y", 1, "n", 3, 4)],
                       tensors => [tensor("emb.weight", 1, reals(1 .. 20), 5, 4)])),

    good => model(graph(nodes => [$product], tensors => [tensor("w", 1, $raw, 4, 4)])),
    unknown => model(graph(nodes => [node("Zorch", ["x"], ["y"], bytes(3, "layer7"))])),
    domain => model(graph(nodes => [node("Relu", ["x"], ["y"], bytes(7, "com.example"))])),
    attribute => model(graph(nodes => [node("Relu", ["x"], ["y"], attribute("knob", 3, 1))])),
    cycle => model(graph(nodes => [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]),
                                   node("Relu", ["b"], ["y"])])),
    twice => model(graph(nodes => [$relu, $relu])),
    nowhere => model(graph(nodes => [node("Add", ["x", "ghost"], ["y"])])),
    inputs => model(graph(nodes => [node("Add", ["x"], ["y"])])),
    dynamic => model(graph(nodes => [$relu], inputs => [info("x", 1, "n", "time")])),
    open => model(graph(nodes => [$relu], inputs => [info("x", 1, -1, 4)], outputs => [info("y", 1, -1, 4)])),
    open_within => model(graph(nodes => [$relu], inputs => [info("x", 1, -1, -1)])),
    complex => model(graph(nodes => [$product], tensors => [tensor("w", 14, "ab" x 64, 4, 4)])),
    short => model(graph(nodes => [$product], tensors => [tensor("w", 1, "abcd", 4, 4)])),
    huge => model(graph(nodes => [$product], tensors => [tensor("w", 1, $raw, 1 << 30, 1 << 30)])),
    shapes => model(graph(nodes => [$product], tensors => [tensor("w", 1, $raw, 2, 8)])),
    rows => model(graph(nodes => [node("Softmax", ["x"], ["y"], attribute("axis", 3, 0))])),
    unnamed => model(graph(nodes => [$relu], inputs => [bytes(2, "")])),
    knob => model(graph(nodes => [node("Relu", ["x"], ["y"], attribute("", 3, 1))])),
    operator => model(graph(nodes => [$relu, bytes(1, "y") . bytes(2, "z")])),
    silent => model(graph(nodes => [$relu, node("Constant", [], [])])),
    training => model(graph(nodes => [node("Dropout", ["x", "p", "on"], ["y"])],
                            tensors => [tensor("p", 1, pack("f<", 0.5)), tensor("on", 9, "\1")])),
    old => model(graph(nodes => [$relu]), 3),
    new => model(graph(nodes => [$relu]), 999),
    functions => model(graph(nodes => [$relu]), 13, bytes(25, "f")),
    outside => model(graph(nodes => [$product], tensors => [external("w", "../w.bin", 4, 4)])),
    absolute => model(graph(nodes => [$product], tensors => [external("w", "/etc/passwd", 4, 4)])),
    link => model(graph(nodes => [$product], tensors => [external("w", "link.bin", 4, 4)])),
    missing => model(graph(nodes => [$product], tensors => [external("w", "none.bin", 4, 4)])),
    cut => model(graph(nodes => [$product], tensors => [external("w", "cut.bin", 4, 4)])),
    beside => model(graph(nodes => [$product], tensors => [external("w", "w.bin", 4, 4)])),
    bomb => model(graph(nodes => [$product], tensors => [tensor("w", 7, "", 500000000, 1)])),
    squeeze => model(graph(nodes => [node("Squeeze", ["x"], ["s"]), node("Softmax", ["s"], ["y"], attribute("axis", 3, 1))],
                           inputs => [info("x", 1, 1, 1, 4, 5)], outputs => [info("y", 1, 1, 4, 5)])),
    merge => model(graph(nodes => [node("Reshape", ["x", "s"], ["y"])], tensors => [tensor("s", 7, pack("q<*", 1, -1), 2)])),
    shrink => model(graph(nodes => [node("Resize", ["x", "s"], ["y"])], inputs => [info("x", 1, "n", 1, 4, 4)],
                          tensors => [tensor("s", 1, pack("f<*", 1, 1, 0.6, 0.6), 4)]), 10),
    kind => model(graph(nodes => [node("LeakyRelu", ["x"], ["y"], attribute("alpha", 3, 1))])),
    windows => model(graph(nodes => [node("AveragePool", ["x"], ["y"], numbers("kernel_shape", 2, 2), numbers("dilations", 2, 1))],
                           inputs => [info("x", 1, "n", 1, 30000, 30000)]), 19),
    extents => model(graph(nodes => [$relu], inputs => [info("x", 1, "n", 1 << 28, 1 << 28, 1 << 8)])),
    filled => model(graph(nodes => [node("ConstantOfShape", ["s"], ["c"]), node("Add", ["x", "c"], ["y"])],
                          tensors => [tensor("s", 7, pack("q<", 500000000), 1)])),
    wrap => model(graph(nodes => [node("Cast", ["e"], ["e2"], attribute("to", 3, 6)), node("Slice", ["x", "s", "e2", "a"], ["y"])],
                        tensors => [map { tensor($$_[0], 7, pack("q<", $$_[1]), 1) } ["e", (1 << 32) + 2], ["s", 0], ["a", 1]])),
    zeros => model(graph(nodes => [node("LeakyRelu", ["x"], ["y"], bytes(5, bytes(1, "alpha") . whole(20, 1)))])),
    each => model(graph(nodes => [node("ReduceSumSquare", ["x"], ["y"], attribute("noop_with_empty_axes", 3, 1))]), 18),
    same => model(graph(nodes => [node("Relu", ["x"], ["t"]), map { node("Identity", ["t"], [$_]) } "y", "z"],
                        outputs => [info("y", 1, "n", 4), info("z", 1, "n", 4)])),
    hot => model(graph(nodes => [node("Cast", ["x"], ["i"], attribute("to", 3, 7)), node("OneHot", ["i", "d", "v"], ["h"]),
                                 node("Add", ["h", "x2"], ["y"])], inputs => [info("x", 1, "n", 2), info("x2", 1, "n", 2, 4)],
                       outputs => [info("y", 1, "n", 2, 4)], tensors => [tensor("d", 7, pack("q<", 4)), tensor("v", 1, pack("f<*", 0, 1), 2)])),
    full => model(graph(nodes => [node("MatMul", ["x", "w"], ["h"]), node("Dropout", ["h"], ["y"], bytes(3, "drop1"), bytes(5, bytes(1, "ratio") . "\x15" . pack("f<", 1)))],
                        tensors => [tensor("w", 1, $raw, 4, 4)]), 11),
    flat => model(graph(nodes => [node("MatMul", ["x", "w"], ["h"]), node("Floor", ["h"], ["y"])], tensors => [tensor("w", 1, $raw, 4, 4)])),
    copied => model(graph(nodes => [node("Transpose", ["w"], ["v"]), node("Identity", ["v"], ["u"]), node("MatMul", ["x", "u"], ["y"])],
                          tensors => [tensor("w", 1, $raw, 4, 4)])),
    tied => model(graph(nodes => [node("MatMul", ["x", "w"], ["h"]), node("Transpose", ["w"], ["v"]), node("MatMul", ["h", "v"], ["y"])],
                        tensors => [tensor("w", 1, $raw, 4, 4)])),
    doubled => scattered([1, 1]),
    beyond => scattered([0, 9]),
    sum => model(graph(nodes => [node("NegativeLogLikelihoodLoss", ["x", "t"], ["y"])],
                       inputs => [info("x", 1, "n", 4), info("t", 7, "n")], outputs => [info("y", 1)]), 13),
    across => model(graph(nodes => [node("Trilu", ["x"], ["y"])]), 14),
    many => model(graph(nodes => [node("TopK", ["x", "k"], ["y", "i"])], tensors => [tensor("k", 7, pack("q<", 9), 1)])),
    product => model(graph(nodes => [node("Mul", ["x", "x"], ["y"])], inputs => [info("x", 4, "n", 4)], outputs => [info("y", 4, "n", 4)]), 14),
    below => model(graph(nodes => [node("Sub", ["x", "x"], ["y"])], inputs => [info("x", 12, "n", 4)], outputs => [info("y", 12, "n", 4)]), 14),
    large => model(graph(nodes => [node("Relu", ["x"], ["y"])], tensors => [tensor("w", 13, "\xff" x 8, 1)])),
    around => model(graph(nodes => [node("Add", ["x", "x"], ["y"])], inputs => [info("x", 3, "n", 4)], outputs => [info("y", 3, "n", 4)]), 14),
    rounded => model(graph(nodes => [node("Cast", ["x"], ["h"], attribute("to", 3, 10)), node("Cast", ["h"], ["y"], attribute("to", 3, 1))])),
    word => model(graph(nodes => [node("NegativeLogLikelihoodLoss", ["x", "t"], ["y"], word("reduction", "Mean"))], @labelled), 13),
    lost => model(graph(nodes => [node("NegativeLogLikelihoodLoss", ["x", "t"], ["y"], word("reduction", "none"))], @labelled), 13),
    label => model(graph(nodes => [node("NegativeLogLikelihoodLoss", ["x", "t"], ["y"])], inputs => [info("x", 1, 2, 4)],
                         outputs => [info("y", 1)], tensors => [tensor("t", 7, pack("q<*", 1, 7), 2)]), 13),
    meeting => scattered([0, 1], word("reduction", "xor")),
    turned => model(graph(nodes => [node("ReverseSequence", ["x", "t"], ["y"], attribute("batch_axis", 3, 3), bytes(5, bytes(1, "time_axis") . "\x18\xfe" . "\xff" x 8 . "\1"))],
                          inputs => [info("x", 1, 2, 4)], outputs => [info("y", 1, 2, 4)], tensors => [tensor("t", 7, pack("q<*", 1, 2), 2)])),
    laid => model(graph(nodes => [node("ScatterND", ["x", "i", "u"], ["y"])], inputs => [info("x", 1, 2, 3)], outputs => [info("y", 1, 2, 3)],
                        tensors => [tensor("i", 7, pack("q<*", 0, 1), 2, 1), tensor("u", 1, pack("f<*", 1 .. 6), 3, 2)]), 18),
    batches => model(graph(nodes => [node("GatherND", ["x", "i"], ["y"], attribute("batch_dims", 3, 1 << 32))], inputs => [info("x", 1, 2, 3)],
                           outputs => [info("y", 1, 3)], tensors => [tensor("i", 7, pack("q<", 1), 1)])),
    axis => model(graph(nodes => [node("QuantizeLinear", ["x", "s"], ["y"], attribute("axis", 3, 7))], outputs => [info("y", 2, "n", 4)],
                        tensors => [tensor("s", 1, pack("f<*", 1 .. 4), 4)])),
    still => model(graph(nodes => [node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])], inputs => [info("x", 1, 4)],
                         outputs => [info("y", 2, 4), info("s", 1), info("z", 2)]), 13),
    quotient => model(graph(nodes => [$whole, node("Div", ["a", "w"], ["y"], attribute("broadcast", 3, 1))],
                            outputs => [info("y", 6, "n", 4)], tensors => [tensor("w", 6, pack("l<*", 2, 3, 4, 5), 4)]), 6),
    larger => model(graph(nodes => [$whole, node("Max", ["a", "w"], ["y"])], outputs => [info("y", 6, "n", 4)],
                          tensors => [tensor("w", 6, pack("l<", -3))])),
    sized => model(graph(nodes => [$whole, node("Abs", ["a"], ["y"])], outputs => [info("y", 6, "n", 4)])),
    negated => model(graph(nodes => [node("Neg", ["w"], ["v"]), node("Cast", ["v"], ["f"], attribute("to", 3, 1)), node("Add", ["x", "f"], ["y"])],
                           tensors => [tensor("w", 3, pack("c", -128))])),
    least => model(graph(nodes => [node("Cast", ["x"], ["a"], attribute("to", 3, 3)), node("Div", ["a", "a"], ["y"])],
                         outputs => [info("y", 3, "n", 4)])),
    (map { my ($name, $producer) = @$_; ($name =~ s/\W//gr) . ($producer ? "_own" : "") => model(
        graph(nodes => [node("Mul", ["x", $name], ["h"]), node("Add", ["h", $name], ["y"])],
              tensors => [tensor($name, 1, pack("f<", 0.5))]), 13, $producer ? bytes(2, "invar") : ())
     } ["half"], ["half", 1], ["block.scale"]),
    (map { my ($file, $name, @more) = @$_; $file => model(graph(nodes => [node("Gather", [$name, "x"], [@more ? "h" : "y"]), @more],
                  inputs => [info("x", 7, "n", 3)], outputs => [info("y", 1, "n", 3, @more ? 5 : 4)],
                  tensors => [tensor($name, 1, pack("f<*", 1 .. 20), 5, 4)]))
     } ["table", "emb.weight"], ["numbers", "w"],
       ["words", "emb.weight", node("Transpose", ["emb.weight"], ["v"]), node("MatMul", ["h", "v"], ["y"])]),
    placed => model(graph(nodes => [node("Add", ["x", "pos.weight"], ["y"])], inputs => [info("x", 1, "n", 4, 4)],
                          outputs => [info("y", 1, "n", 4, 4)], tensors => [tensor("pos.weight", 1, $raw, 4, 4)])),
    seen => model(graph(nodes => [node("Where", ["m", "x", "x2"], ["y"])], inputs => [info("x", 1, "n", 4, 4), info("x2", 1, "n", 4, 4)],
                        outputs => [info("y", 1, "n", 4, 4)], tensors => [tensor("m", 9, join("", map { chr($_ % 4 <= int($_ / 4)) } 0 .. 15), 4, 4)])),
    order => model(graph(nodes => [$whole, node("Equal", ["a", "p"], ["e"]), node("Cast", ["e"], ["y"], attribute("to", 3, 1))],
                         tensors => [tensor("p", 6, pack("l<*", 0 .. 3), 4)])),
    halted => model(graph(nodes => [node("Identity", ["x"], ["h"], bytes(6, "invar: is = stop_gradient")), node("Mul", ["x", "h"], ["y"])]), 13, bytes(2, "invar")),
    noisy => model(graph(nodes => [node("Identity", ["x"], ["y"], bytes(3, "n") . bytes(6, "invar: is = gaussian_noise, std = 0.1"))]), 13, bytes(2, "invar")),
    others => model(graph(nodes => [node("Identity", ["x"], ["h"], bytes(6, "invar: is = stop_gradient")), node("Mul", ["x", "h"], ["y"])]), 13, bytes(2, "other")),
    said_word => model(graph(nodes => [node("Identity", ["x"], ["y"], bytes(6, "invar: is = zorch"))]), 13, bytes(2, "invar")),
    said_text => model(graph(nodes => [node("Identity", ["x"], ["y"], bytes(3, "n") . bytes(6, "invar: is = drop_path, p = 1) + (0"))]), 13, bytes(2, "invar")),
    said_ghost => model(graph(nodes => [node("Neg", ["x"], ["y"], bytes(6, "invar: is = square, of = ghost"))]), 13, bytes(2, "invar")),
    summed => model(graph(nodes => [node("ScatterElements", ["z", "i", "u"], ["y"], word("reduction", "add") . attribute("axis", 3, 1) )],
                          inputs => [info("z", 1, "n", 6), info("i", 7, "n", 4), info("u", 1, "n", 4)], outputs => [info("y", 1, "n", 6)]), 18),
    moved => model(graph(nodes => [node("Reshape", ["x", "a"], ["h"]), node("Reshape", ["h", "b"], ["y"])],
                         tensors => [tensor("a", 7, pack("q<*", 1, -1, 4), 3), tensor("b", 7, pack("q<*", -1, 2, 2), 3)], outputs => [info("y", 1, "n", 2, 2)])),
    root => model(graph(nodes => [node("Sqrt", ["x"], ["h"]), node("Reciprocal", ["h"], ["y"])])),
    slope => model(graph(nodes => [node("PRelu", ["x", "s"], ["y"])], tensors => [tensor("s", 1, pack("f<", 0.5))])),
    single => model(graph(nodes => [node("MatMul", ["x", "w"], ["h"]), node("Add", ["h", "b"], ["y"])],
                          outputs => [info("y", 1, "n", 1)], tensors => [tensor("w", 1, pack("f<*", 1 .. 4), 4, 1), tensor("b", 1, pack("f<", 0.5), 1)])),
    long => model(graph(nodes => [node("MatMul", ["x", "w"], ["h0"]), (map { node("Relu", ["h$_"], ["h" . ($_ + 1)]) } 0 .. 60),
                                  node("Relu", ["h61"], ["y"])], tensors => [tensor("w", 1, $raw, 4, 4)])),
    deep => model($deep),
    empty => "",
    constant => model(graph(nodes => [$relu], outputs => [info("w", 1, 4, 4)], tensors => [tensor("w", 1, $raw, 4, 4)])),
);
binmode STDOUT;
print $files{$ARGV[0]};
