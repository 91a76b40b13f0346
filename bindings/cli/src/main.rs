//! The native command.

fn main() {
    std::process::exit(opsledger_cli::main(std::env::args_os()));
}
