# To source, with $root set: the data of those examples that have theirs elsewhere (scripts/data), and a
# short form of them. The second line of such an example's expected.sha256 is of one epoch on the first
# 256 images, the last 51 of them for the test, or of 20 steps on the first 20,000 characters of the
# text.

# needs NAME: what of scripts/data the example trains on; nothing where it has its data.
needs() {
    sed -n 's/.*t10k-.*/mnist/p; s/.*"tinyshakespeare.*/tinyshakespeare/p' \
        "$root/examples/$1/$1.inv" | head -n 1
}

# short_options NAME: the options of the short form, a word a line.
short_options() {
    case $(needs "$1") in
    mnist) printf '%s\n' --epochs 1 ;;
    tinyshakespeare) printf '%s\n' --steps 20 ;;
    esac
}

# first_images MNIST FOLDER FILE HEADER BYTES: an IDX file has their number in bytes 5 to 8.
first_images() {
    gunzip -c "$1/$3" >"$2/all"
    { head -c 4 "$2/all" && printf '\0\0\1\0' && tail -c +9 "$2/all"; } |
        head -c $(($4 + 256 * $5)) | gzip -n >"$2/$3"
    rm "$2/all"
}

# short_data FOLDER MNIST TINYSHAKESPEARE: the data of the short form; "" for what is not there.
short_data() {
    local text=$3/tinyshakespeare.txt
    if [ -n "$2" ]; then
        first_images "$2" "$1" t10k-images-idx3-ubyte.gz 16 784
        first_images "$2" "$1" t10k-labels-idx1-ubyte.gz 8 1
    fi
    # A part of the text, and one of each of its characters, for the model is of so many classes.
    if [ -n "$3" ]; then
        { head -c 20000 "$text" && LC_ALL=C fold -w 1 "$text" | LC_ALL=C sort -u | tr -d '\n'; } \
            >"$1/tinyshakespeare.txt"
    fi
}

# Examples whose batches are cut into 8 shards: of dropout, batch_norm, a global norm, weights that are
# kept, a partial batch and augmentation each is in one of them.
sharded_examples='digits digits_gru ds_cnn custom_step seeded_mlp augment'

# sharded NAME FILE: that example with shards, as a model in FILE.
sharded() {
    sed 's/^  batch .*/&\n  shards 8/' "$root/examples/$1/$1.inv" >"$2"
    [ "$1" != digits ] || sed -i 's/adam(lr = 2e-3/&, global_clip_norm = 1/' "$2"
}
