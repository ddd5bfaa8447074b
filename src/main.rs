//! The one binary: arguments in, exit code out. Everything else is in the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[cfg(feature = "gui")]
    let designer = Some(pipewright::cli::Designer {
        open: &pipewright::gui::run_designer,
        bench_canvas: &pipewright::gui::bench_canvas,
    });
    #[cfg(not(feature = "gui"))]
    let designer = None;
    pipewright::cli::main(designer)
}
