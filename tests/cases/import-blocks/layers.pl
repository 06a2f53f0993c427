# Three parts of layers whose names begin alike, as JSON of Keras; "frozen": one of which is not trained.
use strict;
use warnings;
my @layers = ('{"class_name": "InputLayer", "config": {"batch_shape": [null, 8], "dtype": "float32", "name": "cells"}}');
for my $part (1 .. 3) {
    for (["one", 8, "relu"], ["two", 12, "tanh"], ["three", 6, "relu"], ["four", 8 + $part, "linear"]) {
        my ($name, $units, $activation) = @$_;
        my $trained = @ARGV && $part == 2 && $name eq "two" ? "false" : "true";
        push @layers, qq({"class_name": "Dense", "config": {"name": "part${part}_$name", "trainable": $trained,
            "units": $units, "activation": "$activation", "use_bias": true}});
    }
}
print '{"module": "keras", "class_name": "Sequential", "config": {"name": "net", "layers": [', join(", ", @layers), ']}}';
