#!/usr/bin/env bash
# Everything that must hold before a change goes in. Run it on any machine with the Rust toolchain:
#
#   ./ci.sh                 all of it
#   ./ci.sh lint test       some of it
#   BLESS=1 ./ci.sh sizes   the sizes as they are now become the ones to keep
#
# What needs a program that is not there is skipped, with a notice; where CI is set, it fails.
# TESTED=1 tells that the tests have just passed, and need not run again.
set -eu -o pipefail
cd "$(dirname "$0")"

steps=(fmt lint docs test features msrv targets sizes package)
targets=(thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabi riscv32imc-unknown-none-elf)
# Images that are measured: the target and how it is optimized.
measured=(thumbv6m-none-eabi:z thumbv7em-none-eabi:s)

bold='' red='' yellow='' plain=''
if [ -t 1 ]; then
    bold=$'\e[1m' red=$'\e[31m' yellow=$'\e[33m' plain=$'\e[0m'
fi

fail() {
    echo "${red}ci.sh: $*${plain}" >&2
    exit 1
}

# Something is missing: a failure in CI, a notice elsewhere.
missing() {
    if [ -n "${CI:-}" ]; then
        fail "$*"
    fi
    echo "${yellow}skipped: $*${plain}" >&2
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# Shows a command, and runs it.
run() {
    echo "${bold}\$ $*${plain}"
    "$@"
}

manifest() {
    cargo metadata --no-deps --format-version 1
}

# The features of the package, as Cargo.toml has them: all but `default` and private ones (with `_`).
list_features() {
    manifest | sed 's/.*"features":{\([^}]*\)}.*/\1/' | grep -o '"[^"]*":\[' | tr -d '":[' |
        grep -v -e '^default$' -e '^_'
}

# The modems: the features with a folder of that name.
list_modems() {
    local feature features
    features=$(list_features)
    for feature in $features; do
        if [ -d "vendors/${feature//-/_}" ]; then echo "$feature"; fi
    done
}

# Each two modems, as features: one pair a line.
list_pairs() {
    local modems first second
    modems=$(list_modems)
    for first in $modems; do
        for second in $modems; do
            if [[ $first < $second ]]; then echo "$first,$second"; fi
        done
    done
}

# No feature, each alone, and all of them: one set of flags a line. Take it with an assignment of its own, since only then
# a failure in here ends the script.
feature_sets() {
    local features
    features=$(list_features)
    [ -n "$features" ] || fail "no features in Cargo.toml"
    echo "--no-default-features"
    sed 's/^/--no-default-features --features /' <<<"$features"
    echo "--all-features"
}

target_directory() {
    manifest | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
}

# Which compiler there is for a bare-metal target: `rustup` or `installed` (with the target's core library), or `debian`
# (core is built from Debian's source packages); fails if none.
bare_compiler() {
    local target=$1
    if has rustup && { rustup target list --installed | grep -x "$target" >/dev/null ||
        rustup target add "$target" >/dev/null 2>&1; }; then
        echo rustup
    elif [ -z "$(type -P rustup)" ] && [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
        echo installed
    elif [ -x /usr/bin/cargo ] && [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src" ]; then
        echo debian
    else
        return 1
    fi
}

# `cargo` for a bare-metal target.
bare_cargo() {
    local target=$1
    shift
    case $(bare_compiler "$target") in
    rustup | installed) run cargo "$@" --target "$target" ;;
    debian) run env PATH="/usr/bin:$PATH" RUSTC_BOOTSTRAP=1 /usr/bin/cargo -Zbuild-std=core "$@" --target "$target" ;;
    *)
        missing "the target $target (rustup target add $target, or on Debian: apt-get install rustc-web cargo-web rust-web-src lld)"
        return 75
        ;;
    esac
}

# The version of the compiler that builds for this target.
bare_version() {
    case $(bare_compiler "$1") in
    debian) /usr/bin/rustc --version ;;
    *) rustc --version ;;
    esac
}

fmt() {
    run cargo fmt --check
    run cargo fmt --check --all --manifest-path tests/sizes/Cargo.toml
}

# The self dev-dependency turns features on for tests and examples, so each feature alone is seen in the library only.
lint() {
    local flags sets
    sets=$(feature_sets)
    while read -r flags; do
        # shellcheck disable=SC2086
        run cargo clippy --quiet --lib $flags -- -D warnings
    done <<<"$sets"
    run cargo clippy --quiet --all-targets -- -D warnings
    run cargo clippy --quiet --all-targets --all-features -- -D warnings
}

docs() {
    RUSTDOCFLAGS="-D warnings" run cargo doc --quiet --no-deps --all-features
    # Also private items must read well for whoever works on the crate.
    RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" \
        run cargo doc --quiet --no-deps --all-features --document-private-items
}

# tests/interop_libcoap.rs, among them, talks to a real server.
test() {
    has coap-server-notls || missing "interop tests: coap-server-notls (on Debian: apt-get install libcoap3-bin)"
    if [ -n "${TESTED:-}" ]; then
        echo "the tests have passed just now"
        return
    fi
    run cargo test
}

interop() {
    has coap-server-notls || {
        missing "coap-server-notls (on Debian: apt-get install libcoap3-bin)"
        return 0
    }
    run cargo test --test 'interop_*'
}

features() {
    local flags sets pairs pair
    sets=$(feature_sets)
    while read -r flags; do
        # shellcheck disable=SC2086
        run cargo check --quiet --lib $flags
    done <<<"$sets"
    # Two modems in one image, with what simulates them and without.
    pairs=$(list_pairs)
    for pair in $pairs; do
        run cargo check --quiet --lib --no-default-features --features "$pair"
        run cargo check --quiet --lib --no-default-features --features "$pair,sim"
    done
}

msrv() {
    local version flags sets
    sets=$(feature_sets)
    version=$(manifest | sed -n 's/.*"rust_version":"\([^"]*\)".*/\1/p')
    [ -n "$version" ] || fail "no rust-version in Cargo.toml"
    # A toolchain's name has three numbers.
    [[ $version == *.*.* ]] || version=$version.0
    if ! has rustup; then
        missing "the oldest supported Rust, $version (needs rustup)"
        return 0
    fi
    # One that is installed will do; what cannot be downloaded is a matter of the network, and says so.
    if ! rustup toolchain list | grep "^$version-" >/dev/null &&
        ! rustup toolchain install "$version" --profile minimal; then
        missing "the oldest supported Rust, $version: it is not installed and cannot be downloaded here (rustup toolchain install $version)"
        return 0
    fi
    while read -r flags; do
        # shellcheck disable=SC2086
        run cargo "+$version" check --quiet --lib $flags
    done <<<"$sets"
}

# The library for bare metal. There is no `std` on these targets, so what builds needs none; and an image links without
# a global allocator only if nothing in it needs `alloc`.
targets() {
    local target feature status modems alone pairs crates
    alone=$(list_modems)
    modems=$(paste -sd, <<<"$alone")
    [ -n "$modems" ] || fail "no modem among the features"
    pairs=$(list_pairs)
    for target in "${targets[@]}"; do
        # Alone and in pairs, on the smallest one.
        [ "$target" = thumbv6m-none-eabi ] || alone='' pairs=''
        for feature in $alone $pairs "$modems" "$modems,defmt" "$modems,log" "$modems,defmt,log"; do
            status=0
            bare_cargo "$target" build --quiet --lib --no-default-features --features "$feature" || status=$?
            [ "$status" != 75 ] || continue 2
            [ "$status" = 0 ] || return "$status"
        done
        bare_cargo "$target" build --quiet --release --locked --manifest-path tests/sizes/Cargo.toml \
            --package image --bin blocking-attach --target-dir "$(target_directory)/bare"
    done
    crates=$(cargo tree --edges normal --target thumbv6m-none-eabi --no-default-features --features "$modems" \
        --prefix none --format '{p}' | cut -d' ' -f1,2 | sort -u | paste -sd, | sed 's/,/, /g')
    echo "crates in such an image: $crates"
    if grep -q -e coap-lite -e nom <<<"$crates"; then
        fail "the host's crates have got into the image"
    fi
}

# Whether two tables of sizes are the same. Images differ by a few bytes from one directory to another, since the compiler
# arranges functions by a name that it makes of the path too; types do not.
same_sizes() {
    awk -v slack=16 '
        NR == FNR { old[NR] = $0; lines = NR; next }
        /^type/ { slack = 0 }
        {
            same = split(old[FNR], was) == NF
            for (i = 1; i <= NF && same; i++) {
                numbers = was[i] ~ /^[0-9]+$/ && $i ~ /^[0-9]+$/
                same = was[i] == $i || numbers && was[i] - $i <= slack && $i - was[i] <= slack
            }
            if (!same) { differ = 1; exit }
        }
        END { exit differ || FNR != lines }
    ' "$1" "$2"
}

# What the crate costs, beside what the committed snapshot says. Paths are kept out of the images.
sizes() {
    local pair target level directory snapshot=tests/sizes/snapshot.txt version built new readme status
    directory=$(target_directory)/sizes
    version=''
    export RUSTFLAGS="--remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
    for pair in "${measured[@]}"; do
        target=${pair%:*} level=${pair#*:} status=0
        CARGO_PROFILE_RELEASE_OPT_LEVEL=$level bare_cargo "$target" build --quiet --release --locked \
            --manifest-path tests/sizes/Cargo.toml --package image --target-dir "$directory" || status=$?
        if [ "$status" != 0 ]; then
            unset RUSTFLAGS
            [ "$status" = 75 ] && return 0
            return "$status"
        fi
        # What built them, which need not be the first `rustc` of the path; two that differ match no snapshot.
        built=$(bare_version "$target")
        case $version in
        '' | "$built") version=$built ;;
        *) version="$version and $built" ;;
        esac
    done
    unset RUSTFLAGS
    report() {
        cargo run --quiet --release --locked --manifest-path tests/sizes/Cargo.toml --package report \
            --target-dir "$directory" -- "$directory" "$version" "$1"
    }
    new=$(report snapshot)
    echo "$new"
    if [ -n "${BLESS:-}" ]; then
        echo "$new" >"$snapshot"
        echo "written: $snapshot"
        if grep -qs '<!-- sizes:begin -->' README.md; then
            grep -q '<!-- sizes:end -->' README.md || fail "README.md has no line <!-- sizes:end -->: it stays as it is"
            readme=$(report readme)
            # The text goes by the environment: awk -v would read backslashes in it.
            SIZES=$readme awk '
                /<!-- sizes:end -->/ { inside = 0 }
                !inside { print }
                /<!-- sizes:begin -->/ { inside = 1; print ENVIRON["SIZES"] }
            ' README.md >README.md.new
            mv README.md.new README.md
            echo "written: the sizes in README.md"
        fi
    elif ! grep -qF "$version;" "$snapshot" 2>/dev/null; then
        echo "${yellow}not compared: the snapshot was made by another version of the compiler${plain}"
    elif ! same_sizes "$snapshot" <(echo "$new"); then
        diff -u "$snapshot" <(echo "$new") || true
        fail "the sizes are not those of $snapshot: look at the difference, then BLESS=1 ./ci.sh sizes"
    fi
}

# What would be published, and that it builds from what is in it.
package() {
    local list file
    list=$(cargo package --list --allow-dirty)
    echo "$list"
    for file in README.md LICENSE LICENSE-MIT LICENSE-APACHE CHANGELOG.md; do
        grep -qx "$file" <<<"$list" || fail "$file is not in the package"
    done
    if grep -q -e '^tests/sizes/' -e '^\.ci/' <<<"$list"; then
        fail "the package holds what is of no use to who downloads it"
    fi
    run cargo package --quiet --allow-dirty
}

all() {
    local step
    for step in "${steps[@]}"; do
        echo
        echo "${bold}== $step${plain}"
        "$step"
    done
    echo
    echo "${bold}all is well: ${steps[*]}${plain}"
}

[ $# -gt 0 ] || set -- all
for step in "$@"; do
    case " all interop ${steps[*]} " in
    *" $step "*) "$step" ;;
    *) fail "no such step: $step (there are: all interop ${steps[*]})" ;;
    esac
done
