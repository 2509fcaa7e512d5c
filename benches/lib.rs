//! Benchmarks of `logit`, in a package of their own: `cargo bench -p benches`.
