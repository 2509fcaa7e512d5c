//! Layers whose output has as many columns as their input.

/// Writes the sizes of a layer with a field `width` into its `impl` of [`Shape`](super::Shape).
macro_rules! keeps_width {
    () => {
        fn inputs(&self) -> usize {
            self.width
        }
        fn outputs(&self) -> usize {
            self.width
        }
    };
    (without parameters) => {
        keeps_width!();
        fn parameter_count(&self) -> usize {
            0
        }
    };
}
pub(super) use keeps_width;
