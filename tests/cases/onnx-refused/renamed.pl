# renamed.pl FILE.inv: the lines of its model, with names by the order in which they are defined.
use strict;
use warnings;

my %name;
while (<>) {
    next unless /^model/ .. /^\}/;
    s/ *#.*//;
    next unless /^  (?:param )?(\w+)(: .*| = .*)$/ || /^  (output \w+)(.*)$/;
    my ($made, $text) = ($1, $2);
    $text =~ s/\b([a-z]\w*)\b/$name{$1} \/\/ $1/ge;
    $name{$made} = "v" . keys %name;
    print "$name{$made}$text\n";
}
