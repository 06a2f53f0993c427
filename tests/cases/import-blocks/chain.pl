# An ONNX file of 6000 operators one after another, 100 of which come again and again.
use strict;
use warnings;

sub varint { my $n = shift; my $s = ""; while ($n > 127) { $s .= chr($n % 128 + 128); $n = int($n / 128) } $s . chr $n }
sub whole { my ($field, $n) = @_; varint($field * 8) . varint($n) }
sub bytes { my ($field, $s) = @_; varint($field * 8 + 2) . varint(length $s) . $s }
sub info { bytes(1, $_[0]) . bytes(2, bytes(1, whole(1, 1) . bytes(2, bytes(1, bytes(2, "n")) . bytes(1, whole(1, 4))))) }

my @way = qw(Relu Tanh Sigmoid Abs Neg Exp Floor);
my $nodes = join "", map { my $k = $_ % 100; bytes(1, bytes(1, "v$_") . bytes(2, "v" . ($_ + 1)) . bytes(4, $way[($k * $k + $k / 10) % 7])) } 0 .. 5999;
print whole(1, 8) . bytes(7, $nodes . bytes(2, "g") . bytes(11, info("v0")) . bytes(12, info("v6000"))) . bytes(8, whole(2, 13));
