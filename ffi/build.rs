//! What a plain build of a `cdylib` leaves out: the soname, so that programs are linked to the ABI and not to a file
//! name; and `nodelete`, because a host that unloads the library would unmap code that thread-local destructors still call.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    if linux && let Ok(major) = std::env::var("CARGO_PKG_VERSION_MAJOR") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libopsledger.so.{major}");
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
