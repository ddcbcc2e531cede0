//! Tells the linker where things stand.

fn main() {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo::rustc-link-arg-bins=-T{here}/image.ld");
    println!("cargo::rerun-if-changed=image.ld");
}
