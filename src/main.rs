//! The one binary: arguments in, exit code out. Everything else is in the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[cfg(feature = "gui")]
    let designer = Some(pipewright::cli::Designer {
        open: &pipewright::gui::run_designer,
        bench: pipewright::cli::DesignerBench {
            canvas: &pipewright::gui::bench_canvas,
            table: &pipewright::gui::bench_table,
            start: &pipewright::gui::bench_start,
        },
    });
    #[cfg(not(feature = "gui"))]
    let designer = None;
    pipewright::cli::main(designer)
}
