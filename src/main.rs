//! Duebell: reminds telecom subscribers of due bills, and explains itself.

/// What one thread allocates and another frees costs glibc a lock, and a
/// reminder travels over several threads (docs/decisions/0019).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // Pages of 2 MiB made of small buffers would double what the daemon holds.
    // Without this it works too, only in more memory.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    duebell::cli::main()
}
