//! Figures as values, drawn when their bytes are requested.

use std::io::ErrorKind;
use std::path::Path;

use super::axis::check_size;
use super::bitmap;
use super::chart::Chart;
use super::images::{self, Images};
use super::layout;
use super::scene::Scene;
use super::svg;
use crate::error::Error;
use crate::persist::file;

/// A figure, which can be written as SVG or PNG.
///
/// The functions and builders of [`plot`](super) make figures. Title, size and axis names can be changed
/// afterwards. The same figure always gives the same bytes.
///
/// # Examples
/// ```
/// use logit::plot::Curves;
///
/// let squares = (0..10).map(|x| [x as f64, (x * x) as f64]);
/// let figure = Curves::new("x", "x²").curve("squares", squares).figure()?;
/// let figure = figure.title("Squares").size(480, 320).y_name("x times x");
///
/// assert!(figure.to_svg()?.contains("x times x"));
/// assert!(figure.to_png()?.starts_with(b"\x89PNG"));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    title: String,
    size: (u32, u32),
    content: Content,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Chart(Box<Chart>),
    /// Charts with one horizontal axis, from the top, with their shares of the height.
    Stack(Vec<(Chart, f64)>),
    Images(Images),
}

impl Figure {
    pub(super) fn of_chart(chart: Chart) -> Self {
        let width = if chart.legend.is_empty() && chart.bar.is_none() { 520 } else { 640 };
        Figure { title: String::new(), size: (width, 440), content: Content::Chart(Box::new(chart)) }
    }

    /// Creates a figure of charts one above the other, with weights for their heights.
    pub(super) fn of_stack(charts: Vec<(Chart, f64)>) -> Self {
        let total: f64 = charts.iter().map(|(_, weight)| weight).sum();
        let height = 90.0 + 1.1 * total;
        let charts = charts.into_iter().map(|(chart, weight)| (chart, weight / total)).collect();
        Figure { title: String::new(), size: (680, height as u32), content: Content::Stack(charts) }
    }

    pub(super) fn of_images(images: Images, size: (u32, u32)) -> Self {
        Figure { title: String::new(), size, content: Content::Images(images) }
    }

    /// Sets the title above the figure. Defaults to none.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets width and height, each from 160 to 4000. Defaults to about 640 x 440, or to what a list needs.
    ///
    /// The unit is a pixel of an SVG file at its natural size, and two pixels of a PNG file.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = (width, height);
        self
    }

    /// Sets the name of the horizontal axis, if there is one. Defaults to the name of its quantity.
    pub fn x_name(mut self, name: impl Into<String>) -> Self {
        let chart = match &mut self.content {
            Content::Chart(chart) => Some(&mut **chart),
            // Charts in a stack have one horizontal axis, below the lowest.
            Content::Stack(charts) => charts.last_mut().map(|(chart, _)| chart),
            Content::Images(_) => None,
        };
        if let Some(chart) = chart {
            chart.x.name = name.into();
        }
        self
    }

    /// Sets the name of the vertical axis, if there is a single one. Defaults to the name of its quantity.
    pub fn y_name(mut self, name: impl Into<String>) -> Self {
        if let Content::Chart(chart) = &mut self.content {
            chart.y.name = name.into();
        }
        self
    }

    /// Returns the figure as an SVG document, with text in Arial or a font of the same width.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if the size is out of range.
    pub fn to_svg(&self) -> Result<String, Error> {
        Ok(svg::document(&self.scene()?))
    }

    /// Returns the figure as a PNG file, with two pixels per unit of size and text in a bundled font.
    ///
    /// The font has the alphabets of Europe and mathematical symbols. Characters that it does not have, such as
    /// Chinese ones and emoji, are drawn as boxes: [`to_svg`](Figure::to_svg) leaves them to the fonts of the
    /// viewer.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if the size is out of range, and [`Error::Picture`] if drawing or
    /// encoding fails.
    pub fn to_png(&self) -> Result<Vec<u8>, Error> {
        bitmap::png(&self.scene()?)
    }

    /// Saves the figure as SVG or PNG, by the extension of the file name.
    ///
    /// An existing file is replaced only when the new one is complete.
    ///
    /// # Errors
    /// Returns [`Error::File`] if the extension is not `svg` or `png`, or if the operating system cannot
    /// write the file. Returns the errors of [`to_svg`](Figure::to_svg) and [`to_png`](Figure::to_png).
    ///
    /// # Examples
    /// ```no_run
    /// use logit::prelude::*;
    /// use logit::{MlpClassifier, data, plot};
    ///
    /// let iris = data::iris();
    /// let model = MlpClassifier::new([8]).fit(&iris.x, &iris.y)?;
    /// plot::loss_curves(model.history())?.save("loss.svg")?;
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        match ending.as_deref() {
            Some("svg") => file::save(path, self.to_svg()?.as_bytes()),
            Some("png") => file::save(path, &self.to_png()?),
            _ => Err(Error::File {
                action: "save",
                path: path.to_owned(),
                kind: ErrorKind::InvalidInput,
                message: "the file name must end in .svg or .png".to_owned(),
            }),
        }
    }

    fn scene(&self) -> Result<Scene, Error> {
        let (width, height) = self.size;
        check_size(width, height)?;
        let mut scene = Scene::new(width, height);
        match &self.content {
            Content::Chart(chart) => layout::chart(&mut scene, &self.title, chart),
            Content::Stack(charts) => {
                let charts: Vec<(&Chart, f64)> =
                    charts.iter().map(|(chart, share)| (chart, *share)).collect();
                layout::stack(&mut scene, &self.title, &charts);
            }
            Content::Images(images) => images::draw(&mut scene, &self.title, images),
        }
        Ok(scene)
    }
}
