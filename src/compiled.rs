//! Generic functions that are compiled once, in this crate.

/// Compiles generic functions for `f32` and `f64` in this crate, so that crates that use it link to them.
///
/// The compiler compiles a generic function anew in every crate that calls it. There is one exception: a
/// function that is `#[inline(never)]` is not compiled again if the crate that defines it contains the same
/// instance. So each function named here has that attribute, and a static that nobody reads holds its
/// instances. Functions named here call everything else that is expensive to compile. They are generic in
/// numbers alone: code that is generic in labels stays in thin functions around them. The macro needs `Real`
/// in scope.
macro_rules! compiled {
    ($T:ident: $($function:expr),+ $(,)?) => {
        const _: () = {
            fn instances<$T: Real>() {
                $(std::hint::black_box($function);)+
            }
            #[expect(dead_code, reason = "nobody calls the instances; they have to exist")]
            static INSTANCES: [fn(); 2] = [instances::<f32>, instances::<f64>];
        };
    };
}

pub(crate) use compiled;
