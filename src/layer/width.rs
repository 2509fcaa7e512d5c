//! Layers whose output has as many columns as their input.

/// Implements the size methods of [`Shape`](super::Shape) for a layer with a field `width`.
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
