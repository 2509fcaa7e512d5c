//! The course of a run that the doctor watched, in one figure.

use super::axis::{Axis, Spacing};
use super::chart::{Chart, Key, Layer, LineLook};
use super::figure::Figure;
use super::palette::{Marker, Scale, colour, marker};
use super::scene::Colour;
use super::ticks::Tick;
use crate::doctor::{Trace, TracePoint};
use crate::error::Error;

/// The number of layers above which lines have colours by depth, and only the first and last have names.
const MANY: usize = 5;
/// The last epoch up to which the horizontal axis is linear.
const SHORT: usize = 20;
/// The change of the parameters in a step, relative to their size, that is usual.
const USUAL: f64 = 1e-3;
/// The smallest loss on a logarithmic axis, relative to that of the best constant predictor.
const SMALL: f64 = 1e-6;

/// Returns a figure of a run that the doctor watched, from above:
/// - the loss beside that of the best constant predictor: a network whose loss does not fall below it has
///   learnt nothing about single rows;
/// - for each layer with parameters, the change in the last step of an epoch, relative to the size of the
///   parameters, which is usually around 1e-3;
/// - for each hidden layer, the share of units that are 0 for every row, or of outputs at the ends of their
///   range, which have no gradient.
///
/// Each part is there if the run has such numbers. Ratios of 0 are drawn at the lower edge, and so
/// are losses below a millionth of the constant one. A long run is drawn over the logarithm of the epochs, to
/// show its beginning.
///
/// # Errors
/// Returns [`Error::Empty`] if the trace has no points, and [`Error::Picture`] if no loss is finite.
///
/// # Examples
/// ```
/// use logit::doctor::Doctor;
/// use logit::nn::{Examples, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer};
/// use logit::{Activation, Adam, data, plot};
///
/// let iris = data::iris();
/// let classes: Vec<usize> = (0..150).map(|row| row / 50).collect();
/// let network = Sequential::perceptron(&[4, 10, 3], Activation::Relu)?;
/// let watched = Doctor::new().fit(
///     &Trainer::new(Adam::new(0.01)).epochs(30),
///     &network,
///     &SoftmaxCrossEntropy::new(),
///     Examples::new(&iris.x, Targets::Classes(&classes)),
///     TrainOptions::new(),
/// )?;
/// let figure = plot::watched_run(&watched.trace)?.title("Irises");
/// assert!(figure.to_svg()?.contains("best constant"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn watched_run(trace: &Trace) -> Result<Figure, Error> {
    let Some(last) = trace.points.last() else {
        return Err(Error::Empty { argument: "trace", axis: "points" });
    };
    let time = Time::new(last.epoch.max(trace.objective.len()), trace.objective.is_empty());
    let mut charts = vec![(losses(trace, &time)?, 190.0)];
    charts.extend(updates(trace, &time)?.map(|chart| (chart, 170.0)));
    charts.extend(units(trace, &time).map(|chart| (chart, 120.0)));
    Ok(Figure::of_stack(charts))
}

/// The horizontal axis.
struct Time {
    last: usize,
    /// Whether there are epochs, and not the iterations of a minimiser, which is measured at both ends only.
    epochs: bool,
}

impl Time {
    fn new(last: usize, epochs: bool) -> Self {
        Time { last: last.max(1), epochs }
    }

    /// Returns the place of an epoch: the logarithm, from 0 for the start, if the run is long.
    fn place(&self, epoch: usize) -> f64 {
        if self.last > SHORT { (1.0 + epoch as f64).log10() } else { epoch as f64 }
    }

    fn axis(&self) -> Axis {
        let margin = 0.03 * self.place(self.last);
        let name = if self.epochs { "epoch" } else { "iteration" };
        let axis = Axis::new(name, -margin, self.place(self.last) + margin);
        if self.last <= SHORT {
            return axis;
        }
        let factors: &[usize] = if self.last > 2000 { &[1] } else { &[1, 2, 5] };
        let powers = (0..usize::BITS).map_while(|power| 10usize.checked_pow(power));
        let round =
            powers.flat_map(|power| factors.iter().filter_map(move |factor| power.checked_mul(*factor)));
        let epochs = std::iter::once(0).chain(round.take_while(|&epoch| epoch <= self.last));
        let mark = |epoch: usize| Tick { at: self.place(epoch), label: epoch.to_string() };
        axis.marked(epochs.map(mark))
    }

    /// Returns the look of a line between points, if there are points between the start and the end.
    fn joined(&self, look: LineLook) -> Option<LineLook> {
        self.epochs.then_some(look)
    }

    /// Returns a value at each point of the trace at which there is one.
    fn over(&self, trace: &Trace, value: impl Fn(&TracePoint) -> Option<f64>) -> Vec<[f64; 2]> {
        let points = trace.points.iter();
        points.filter_map(|point| Some([self.place(point.epoch), value(point)?])).collect()
    }
}

/// The colour and shape of points.
type Dot = (Marker, Colour);

/// A chart whose legend is beside the ends of its lines.
struct Panel {
    chart: Chart,
    ends: Vec<f64>,
}

impl Panel {
    fn new(x: Axis, y: Axis) -> Self {
        Panel { chart: Chart::new(x, y), ends: Vec::new() }
    }

    /// Adds a line, points, or both, with an entry of the legend if they have a name.
    fn add(
        &mut self,
        name: Option<String>,
        points: Vec<[f64; 2]>,
        line: Option<LineLook>,
        marker: Option<Dot>,
    ) {
        let end = points.iter().rev().map(|point| point[1]).find(|value| value.is_finite());
        if let Some(look) = line {
            self.chart.layers.push(Layer::Line { points: points.clone(), look });
        }
        if let Some((marker, colour)) = marker {
            self.chart.layers.push(Layer::Points { points, marker, colour, size: 3.0 });
        }
        if let Some(name) = name {
            self.chart.legend.push(Key { name, line, marker, ground: None });
            self.ends.push(end.unwrap_or(f64::NAN));
        }
    }

    /// Adds a dashed line across the chart, behind the others.
    fn guide(&mut self, name: &str, value: f64) {
        let look = LineLook::new(Colour::GREY, 1.2).dashed(Some([4.0, 3.0]));
        let (low, high) = self.chart.x.ends();
        self.chart.layers.insert(0, Layer::Line { points: vec![[low, value], [high, value]], look });
        self.chart.legend.push(Key { name: name.to_owned(), line: Some(look), ..Key::default() });
        self.ends.push(value);
    }

    fn chart(self) -> Chart {
        Chart { ends: Some(self.ends), ..self.chart }
    }
}

fn losses(trace: &Trace, time: &Time) -> Result<Chart, Error> {
    let numbered = trace.objective.iter().enumerate();
    let mut objective: Vec<[f64; 2]> = numbered.map(|(at, &value)| [time.place(at + 1), value]).collect();
    let mut training = time.over(trace, |point| Some(point.loss));
    let mut held_out = time.over(trace, |point| point.held_out_loss);
    let all = [&training, &held_out, &objective].into_iter().flatten().map(|point| point[1]);
    let mut all: Vec<f64> = all.chain(trace.constant_loss).filter(|value| value.is_finite()).collect();
    let (low, high) = all.iter().fold((f64::INFINITY, 0.0f64), |(low, high), &v| (low.min(v), high.max(v)));
    let mut spacing = Spacing::Linear;
    if low > 0.0 && high / low >= 100.0 {
        spacing = Spacing::Logarithmic;
        let lowest = SMALL * trace.constant_loss.unwrap_or(high);
        let lines = [&mut objective, &mut training, &mut held_out].into_iter().flatten();
        lines.map(|[_, loss]| loss).chain(&mut all).for_each(|loss| *loss = at_least(lowest, *loss));
    }
    let mut panel = Panel::new(time.axis(), Axis::around("loss", spacing, all, 0.08)?);
    let mut rows = |name: &str, number: usize, points: Vec<[f64; 2]>| {
        let look = LineLook::new(colour(number), 1.8);
        panel.add(Some(name.to_owned()), points, time.joined(look), Some((marker(number), colour(number))));
    };
    rows("training rows", 0, training);
    if !held_out.is_empty() {
        rows("held-out rows", 1, held_out);
    }
    if !objective.is_empty() {
        let look = LineLook::new(Colour::GREY, 1.8);
        panel.add(Some("with the penalty".to_owned()), objective, Some(look), None);
    }
    if let Some(constant) = trace.constant_loss {
        panel.guide("best constant", constant);
    }
    Ok(panel.chart())
}

fn updates(trace: &Trace, time: &Time) -> Result<Option<Chart>, Error> {
    let layers = trace.points.iter().map(|point| point.update_ratios.len()).max().unwrap_or(0);
    if layers == 0 {
        return Ok(None);
    }
    let all = trace.points.iter().flat_map(|point| point.update_ratios.iter().copied());
    let all: Vec<f64> = all.chain([USUAL]).filter(|ratio| ratio.is_finite() && *ratio > 0.0).collect();
    let mut panel = Panel::new(time.axis(), Axis::around("update ratio", Spacing::Logarithmic, all, 0.08)?);
    let lowest = panel.chart.y.ends().0;
    for layer in 0..layers {
        let ratio = |point: &TracePoint| Some(at_least(lowest, *point.update_ratios.get(layer)?));
        let kind = trace.layers.get(layer).map_or(String::new(), |kind| format!(": {kind}"));
        let name = named(layer, layers, format!("layer {layer}{kind}"));
        let (look, marker) = of_layer(layer, layers);
        panel.add(name, time.over(trace, ratio), Some(look), marker);
    }
    panel.guide("usual", USUAL);
    Ok(Some(panel.chart()))
}

fn units(trace: &Trace, time: &Time) -> Option<Chart> {
    let layers = trace.points.iter().map(|point| point.dead.len()).max().filter(|&layers| layers > 0)?;
    let any = |of: fn(&TracePoint) -> &Vec<f64>| trace.points.iter().flat_map(of).any(|&share| share > 0.0);
    let saturated = any(|point| &point.saturated);
    let dead = any(|point| &point.dead) || !saturated;
    let both = dead && saturated;
    let name = match (dead, saturated) {
        (true, true) => "no gradient",
        (true, false) => "dead units",
        _ => "saturated",
    };
    let mark = |percent: u32| Tick { at: f64::from(percent) / 100.0, label: format!("{percent} %") };
    let mut panel = Panel::new(time.axis(), Axis::new(name, -0.08, 1.08).marked([0, 50, 100].map(mark)));
    for layer in 0..layers {
        let (look, marker) = of_layer(layer, layers);
        let mut add = |kind: &str, of: fn(&TracePoint) -> &Vec<f64>, look: LineLook| {
            let kind = if both { format!(": {kind}") } else { String::new() };
            let name = named(layer, layers, format!("hidden layer {layer}{kind}"));
            let points = time.over(trace, |point| of(point).get(layer).copied());
            panel.add(name, points, time.joined(look), marker);
        };
        if dead {
            add("dead", |point| &point.dead, look);
        }
        if saturated {
            let look = if both { look.dashed(Some([2.0, 2.0])) } else { look };
            add("saturated", |point| &point.saturated, look);
        }
    }
    Some(panel.chart())
}

/// Returns a value, or `lowest` if it is smaller. NaN stays NaN, which is not drawn.
fn at_least(lowest: f64, value: f64) -> f64 {
    if value < lowest { lowest } else { value }
}

/// Returns the style of the line of a layer, and of its points.
fn of_layer(layer: usize, layers: usize) -> (LineLook, Option<Dot>) {
    if layers > MANY {
        let depth = layer as f64 / (layers - 1) as f64;
        return (LineLook::new(Scale::Sequential.at(0.9 * depth), 1.6), None);
    }
    (LineLook::new(colour(layer), 1.8), Some((marker(layer), colour(layer))))
}

/// Returns the name of the line of a layer: of many, only the first and the last have one.
fn named(layer: usize, layers: usize, name: String) -> Option<String> {
    (layers <= MANY || layer == 0 || layer + 1 == layers).then_some(name)
}
