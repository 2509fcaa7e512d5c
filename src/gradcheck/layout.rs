//! The tensors to which parameters belong.

use std::ops::Range;

use crate::check;
use crate::error::Error;
use crate::layer::{Shape, Tensor};

/// The tensors of a parameter vector, in order and without gaps.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) parts: Vec<Part>,
}

/// Consecutive parameters: a named tensor, or all parameters of a layer without named tensors.
#[derive(Debug, Clone)]
pub(super) struct Part {
    name: Option<String>,
    /// The layer, such as "layer 1 (Dense)", if there are several.
    layer: Option<String>,
    pub(super) range: Range<usize>,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Layout {
    /// Creates the layout of the tensors that the caller named or, without any, of one part without a name.
    pub(super) fn named(tensors: &[Tensor], count: usize) -> Result<Self, Error> {
        let mut layout = Layout { parts: Vec::new() };
        layout.add(None, tensors, count)?;
        Ok(layout)
    }

    /// Creates the layout of the tensors of a layer or, if it has sublayers, of all innermost layers.
    pub(super) fn of_layer<S: Shape + ?Sized>(layer: &S) -> Result<Self, Error> {
        if layer.sublayers().is_empty() {
            return Layout::named(&layer.tensors(), layer.parameter_count());
        }
        let mut layout = Layout { parts: Vec::new() };
        let mut innermost = Vec::new();
        layer.sublayers().into_iter().for_each(|inside| collect(inside, &mut innermost));
        for (number, inside) in innermost.into_iter().enumerate() {
            let name = format!("layer {number} ({})", inside.describe());
            layout.add(Some(name), &inside.tensors(), inside.parameter_count())?;
        }
        // A layer may have parameters besides those of its sublayers.
        let found = layout.parts.last().map_or(0, |part| part.range.end);
        match found == layer.parameter_count() {
            true => Ok(layout),
            false => Layout::named(&[], layer.parameter_count()),
        }
    }

    /// Appends the tensors of a layer with `count` parameters.
    fn add(&mut self, layer: Option<String>, tensors: &[Tensor], count: usize) -> Result<(), Error> {
        let mut start = self.parts.last().map_or(0, |part| part.range.end);
        let mut part = |name: Option<String>, rows: usize, columns: usize, length: usize| {
            let range = start..start + length;
            start = range.end;
            self.parts.push(Part { name, layer: layer.clone(), range, rows, columns });
        };
        if tensors.is_empty() && count == 0 {
            return Ok(());
        }
        if tensors.is_empty() {
            part(None, count, 1, count);
            return Ok(());
        }
        let found = tensors.iter().fold(0usize, |sum, tensor| sum.saturating_add(tensor.len()));
        check::count("tensors", "entries", count, found)?;
        for tensor in tensors {
            part(Some(tensor.name.clone()), tensor.rows, tensor.columns, tensor.len());
        }
        Ok(())
    }

    /// Returns whether any part has a name or a layer, so that messages can name it.
    pub(super) fn has_names(&self) -> bool {
        self.parts.iter().any(|part| part.name.is_some() || part.layer.is_some())
    }

    /// Returns the name of a parameter, such as "`weights`[2, 0]", "parameter 7" or "parameter 7 of layer 1
    /// (Bend)".
    pub(super) fn place(&self, index: usize) -> String {
        match self.parts.iter().find(|part| part.range.contains(&index)) {
            Some(part) => part.place(index),
            None => format!("parameter {index}"),
        }
    }
}

/// Collects the layers without sublayers, in order.
fn collect<'a>(layer: &'a dyn Shape, innermost: &mut Vec<&'a dyn Shape>) {
    let inside = layer.sublayers();
    if inside.is_empty() {
        innermost.push(layer);
    }
    inside.into_iter().for_each(|layer| collect(layer, innermost));
}

impl Part {
    /// Returns the name in messages, such as "`weights` of layer 1 (Dense)" or "the gradient of layer 1
    /// (Bend)".
    pub(super) fn label(&self) -> String {
        let name = self.name.as_ref().map_or_else(|| "the gradient".to_owned(), |name| format!("`{name}`"));
        name + &self.of_layer()
    }

    fn place(&self, index: usize) -> String {
        let index = index - self.range.start;
        let place = match &self.name {
            Some(name) => format!("`{name}`[{}, {}]", index % self.rows, index / self.rows),
            None => format!("parameter {index}"),
        };
        place + &self.of_layer()
    }

    fn of_layer(&self) -> String {
        self.layer.as_ref().map_or_else(String::new, |layer| format!(" of {layer}"))
    }

    /// Returns the index of the parameter in this row and column.
    pub(super) fn index(&self, row: usize, column: usize) -> usize {
        self.range.start + column * self.rows + row
    }

    /// Returns the row and column of a parameter.
    pub(super) fn position(&self, index: usize) -> (usize, usize) {
        let index = index - self.range.start;
        (index % self.rows, index / self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Activate, Activation, AnyLayer, BatchNorm, Dense, Residual, Sequential};

    #[test]
    fn parameters_are_named_by_tensor_row_and_column() {
        let tensors = [Tensor::new("weights", 3, 2), Tensor::new("bias", 1, 2)];
        let layout = Layout::named(&tensors, 8).unwrap();
        let places: Vec<String> = [0, 2, 3, 6, 7].map(|index| layout.place(index)).into();
        let wanted =
            ["`weights`[0, 0]", "`weights`[2, 0]", "`weights`[0, 1]", "`bias`[0, 0]", "`bias`[0, 1]"];
        assert_eq!(places, wanted);
        assert_eq!(layout.parts[0].position(layout.parts[0].index(1, 1)), (1, 1));
        assert_eq!(Layout::named(&[], 8).unwrap().place(7), "parameter 7");
    }

    #[test]
    fn tensors_must_have_all_parameters() {
        let refused = |tensors: &[Tensor], count| {
            let error = Layout::named(tensors, count).unwrap_err();
            assert!(matches!(error, Error::ShapeMismatch { argument: "tensors", .. }), "{error}");
        };
        refused(&[Tensor::new("weights", 3, 1)], 4);
        refused(&[Tensor::new("weights", 0, 1)], 4);
        refused(&[Tensor::new("weights", usize::MAX, 2), Tensor::new("bias", 1, 1)], 4);
        Layout::named(&[Tensor::new("nothing", 0, 3), Tensor::new("bias", 1, 1)], 1).unwrap();
    }

    #[test]
    fn layers_inside_are_numbered_and_described() {
        let block = Sequential::<AnyLayer>::new(vec![Dense::new(2, 2).unwrap().bias(false).into()]).unwrap();
        let chain = Sequential::<AnyLayer>::new(vec![
            Dense::new(3, 2).unwrap().into(),
            Activate::new(2, Activation::Relu).unwrap().into(),
            BatchNorm::new(2).unwrap().into(),
            Residual::new(block).unwrap().into(),
        ])
        .unwrap();
        let layout = Layout::of_layer(&chain).unwrap();
        let labels: Vec<String> = layout.parts.iter().map(Part::label).collect();
        let wanted = [
            "`weights` of layer 0 (Dense)",
            "`bias` of layer 0 (Dense)",
            "`scale` of layer 2 (BatchNorm)",
            "`shift` of layer 2 (BatchNorm)",
            "`weights` of layer 3 (Dense, no bias)",
        ];
        assert_eq!(labels, wanted);
        assert_eq!(layout.place(8), "`scale`[0, 0] of layer 2 (BatchNorm)");
    }
}
