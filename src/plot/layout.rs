//! The layout of a chart on the page, and the shapes of its parts.

use super::apart::apart;
use super::axis::Axis;
use super::chart::{Bar, Chart, Key, Layer, LineLook};
use super::clip;
use super::font::{self, CAPITAL_HEIGHT};
use super::palette::Marker;
use super::scene::{Anchor, Colour, Scene, Stroke, Text};
use super::ticks::Tick;

/// The sizes of text.
pub(super) const TITLE: f64 = 15.0;
pub(super) const NAME: f64 = 13.0;
pub(super) const MARK: f64 = 12.0;

const EDGE: f64 = 12.0;
const TICK: f64 = 4.0;
const GAP: f64 = 6.0;
const KEY: f64 = 26.0;
const KEY_HEIGHT: f64 = 20.0;
const BAR: f64 = 16.0;

/// The gap between a frame and the legend or colour bar beside it.
pub(super) const BESIDE_FRAME: f64 = 14.0;

/// The gap between the frames of charts that are one above the other.
const BETWEEN_FRAMES: f64 = 18.0;

/// A rectangle on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Frame {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Returns the largest square in the middle.
    fn square(self) -> Self {
        let side = self.width().min(self.height());
        let [across, down] = [0.5 * (self.width() - side), 0.5 * (self.height() - side)];
        Frame {
            left: self.left + across,
            top: self.top + down,
            right: self.right - across,
            bottom: self.bottom - down,
        }
    }

    /// Moves the frame by less than a unit, so that its edges fill screen pixels; squares stay squares.
    fn crisp(self) -> Self {
        let (left, top) = (self.left.floor() + 0.5, self.top.floor() + 0.5);
        Frame { left, top, right: left + self.width().floor(), bottom: top + self.height().floor() }
    }
}

/// Draws the title above everything else; returns the top of the remaining space.
pub(super) fn title(scene: &mut Scene, title: &str) -> f64 {
    if title.is_empty() {
        return EDGE;
    }
    let width = f64::from(scene.width);
    let text = font::fitted(title, TITLE, width - 2.0 * EDGE);
    let at = [0.5 * width, EDGE + TITLE * CAPITAL_HEIGHT + 3.0];
    scene.text(Text { at, text, size: TITLE, colour: Colour::INK, anchor: Anchor::Middle, upwards: false });
    EDGE + TITLE + 10.0
}

/// Draws a whole chart on a page.
pub(super) fn chart(scene: &mut Scene, heading: &str, chart: &Chart) {
    stack(scene, heading, &[(chart, 1.0)]);
}

/// Draws charts with the same horizontal axis one above the other, each with its share of the height. Only
/// the lowest has numbers and the name of that axis.
pub(super) fn stack(scene: &mut Scene, heading: &str, charts: &[(&Chart, f64)]) {
    let page = [f64::from(scene.width), f64::from(scene.height)];
    let top = title(scene, heading);
    let Some((lowest, _)) = charts.last() else { return };
    let beside = charts.iter().map(|(chart, _)| beside(chart, page[0])).fold(0.0, f64::max);
    // The number of marks fits the approximate space for them.
    let apart = if charts.len() > 1 { 34.0 } else { 52.0 };
    let marks = |share: f64| ((page[1] - top - 40.0) * share / apart).max(3.0) as usize;
    let y_ticks: Vec<Vec<Tick>> = charts.iter().map(|(chart, share)| chart.y.ticks(marks(*share))).collect();
    let x_ticks = lowest.x.ticks(((page[0] - 80.0 - beside) / 62.0).max(3.0) as usize);
    let labels = y_ticks.iter().map(|ticks| widest(ticks)).fold(0.0, f64::max).min(0.3 * page[0]);
    let name = |axis: &Axis| if axis.name.is_empty() { 0.0 } else { NAME + GAP };
    let names = charts.iter().map(|(chart, _)| name(&chart.y)).fold(0.0, f64::max);
    let left = EDGE + names + labels + GAP + TICK;
    let right = page[0] - beside;
    let upright = needs_turning(&x_ticks, lowest.x.marks.is_some(), right - left);
    let x_room = if upright { widest(&x_ticks).min(0.3 * page[1]) } else { MARK };
    let bottom = page[1] - (EDGE + name(&lowest.x) + x_room + GAP + TICK);
    let height = bottom - top - BETWEEN_FRAMES * (charts.len() - 1) as f64;
    let mut start = top;
    for (number, ((chart, share), y_ticks)) in charts.iter().zip(&y_ticks).enumerate() {
        let frame = Frame { left, top: start, right, bottom: start + share * height };
        start = frame.bottom + BETWEEN_FRAMES;
        let last = number + 1 == charts.len();
        let frame = if chart.square { frame.square() } else { frame }.crisp();
        let drawing = Drawing { chart, frame, labels, x_room, upright, last };
        drawing.draw(scene, &x_ticks, y_ticks);
        let room = if last { page[1] - EDGE } else { frame.bottom + 0.5 * BETWEEN_FRAMES };
        drawing.beside(scene, page[0] - EDGE, room);
    }
}

/// The number of legend entries above which there may be no room for all of them.
const MANY: usize = 7;

/// Returns the width needed on the right of the frame.
fn beside(chart: &Chart, page: f64) -> f64 {
    let names = chart.legend.iter().map(|key| font::width(&key.name, MARK));
    let count = (chart.legend.len() > MANY).then(|| font::width("and 000 more", MARK));
    let names = names.chain(count).fold(0.0, f64::max);
    let legend = if chart.legend.is_empty() { 0.0 } else { (KEY + GAP + names + 2.0).min(0.34 * page) };
    let widest = chart.bar.as_ref().map_or(0.0, bar_width).max(legend);
    if widest > 0.0 { BESIDE_FRAME + widest + EDGE } else { EDGE + 8.0 }
}

/// Returns the width of a colour bar with its numbers and its name.
pub(super) fn bar_width(bar: &Bar) -> f64 {
    BAR + TICK + GAP + widest(&bar.axis.ticks(5)) + GAP + NAME
}

fn widest(ticks: &[Tick]) -> f64 {
    ticks.iter().map(|tick| font::width(&tick.label, MARK)).fold(0.0, f64::max)
}

/// Returns whether names below the frame would overlap unless they are turned.
fn needs_turning(ticks: &[Tick], names: bool, width: f64) -> bool {
    names && widest(ticks) + 10.0 > width / ticks.len().max(1) as f64
}

struct Drawing<'a> {
    chart: &'a Chart,
    frame: Frame,
    /// The space for the marks of y and of x.
    labels: f64,
    x_room: f64,
    /// Whether the marks of x are turned.
    upright: bool,
    /// Whether there is no chart below, so that the horizontal axis has numbers and its name.
    last: bool,
}

impl Drawing<'_> {
    fn draw(&self, scene: &mut Scene, x_ticks: &[Tick], y_ticks: &[Tick]) {
        self.grid(scene, x_ticks, y_ticks);
        for layer in &self.chart.layers {
            self.layer(scene, layer);
        }
        self.axes(scene, x_ticks, y_ticks);
    }

    /// Draws the legend and the colour bar, up to these limits on the right and below.
    fn beside(&self, scene: &mut Scene, right: f64, bottom: f64) {
        let Drawing { chart, frame, .. } = self;
        let across = [frame.right + BESIDE_FRAME, right];
        if let Some(ends) = &chart.ends {
            let places: Vec<f64> = ends.iter().map(|&end| self.y(end)).collect();
            return beside_ends(scene, &chart.legend, &places, across, [frame.top, frame.bottom]);
        }
        let Some(bar) = &chart.bar else {
            return legend(scene, &chart.legend, across, frame.top, bottom);
        };
        // The legend is above the colour bar, and leaves at least half of the height to it.
        let half = frame.top + 0.5 * frame.height();
        legend(scene, &chart.legend, across, frame.top, half);
        let end = (frame.top + KEY_HEIGHT * chart.legend.len() as f64).min(half);
        let top = if chart.legend.is_empty() { frame.top } else { end + 12.0 };
        colour_bar(scene, bar, Frame { top, ..*frame }, across[0]);
    }

    fn x(&self, value: f64) -> f64 {
        self.frame.left + self.chart.x.place(value) * self.frame.width()
    }

    fn y(&self, value: f64) -> f64 {
        self.frame.bottom - self.chart.y.place(value) * self.frame.height()
    }

    fn on_page(&self, points: &[[f64; 2]]) -> Vec<[f64; 2]> {
        points.iter().map(|[x, y]| [self.x(*x), self.y(*y)]).collect()
    }

    /// Returns the frame as the limits of the drawing.
    fn window(&self) -> clip::Window {
        [(self.frame.left, self.frame.right), (self.frame.top, self.frame.bottom)]
    }

    fn grid(&self, scene: &mut Scene, x_ticks: &[Tick], y_ticks: &[Tick]) {
        let (stroke, Frame { left, top, right, bottom }) = (Stroke::new(Colour::GRID, 1.0), self.frame);
        if self.chart.grid[0] {
            let lines = x_ticks.iter().map(|tick| self.x(tick.at));
            lines.for_each(|x| scene.line(vec![[x, top], [x, bottom]], stroke));
        }
        if self.chart.grid[1] {
            let lines = y_ticks.iter().map(|tick| self.y(tick.at));
            lines.for_each(|y| scene.line(vec![[left, y], [right, y]], stroke));
        }
    }

    fn layer(&self, scene: &mut Scene, layer: &Layer) {
        let window = self.window();
        match layer {
            Layer::Area { points, fill, opacity } => {
                let points = clip::area(&self.on_page(points), &window);
                if points.len() > 2 {
                    scene.polygon(points, *fill, *opacity);
                }
            }
            Layer::Line { points, look } => {
                for part in clip::line(&self.on_page(points), &window) {
                    line(scene, part, *look);
                }
            }
            Layer::Points { points, marker, colour, size } => {
                let points = self.on_page(points);
                for &point in points.iter().filter(|point| clip::contains(&window, **point)) {
                    mark(scene, point, *marker, *colour, *size);
                }
            }
            Layer::Text { at, text, size, colour } => {
                let at = [self.x(at[0]), self.y(at[1]) + 0.5 * CAPITAL_HEIGHT * size];
                let (text, anchor) = (text.clone(), Anchor::Middle);
                scene.text(Text { at, text, size: *size, colour: *colour, anchor, upwards: false });
            }
        }
    }

    /// Draws the frame with marks, numbers and names.
    fn axes(&self, scene: &mut Scene, x_ticks: &[Tick], y_ticks: &[Tick]) {
        let Frame { left, top, right, bottom } = self.frame;
        let stroke = Stroke::new(Colour::INK, 1.0);
        scene.frame([left, top], [right, bottom], stroke);
        for tick in x_ticks {
            let x = self.x(tick.at);
            scene.line(vec![[x, bottom], [x, bottom + TICK]], stroke);
            if !self.last {
                continue;
            }
            let below = bottom + TICK + GAP;
            let text =
                font::fitted(&tick.label, MARK, if self.upright { self.x_room } else { f64::INFINITY });
            let (at, anchor) = if self.upright {
                ([x + 0.5 * CAPITAL_HEIGHT * MARK, below], Anchor::End)
            } else {
                ([x, below + CAPITAL_HEIGHT * MARK], Anchor::Middle)
            };
            scene.text(label(at, text, MARK, anchor, self.upright));
        }
        for tick in y_ticks {
            let y = self.y(tick.at);
            scene.line(vec![[left - TICK, y], [left, y]], stroke);
            let text = font::fitted(&tick.label, MARK, self.labels + 1.0);
            let at = [left - TICK - GAP, y + 0.5 * CAPITAL_HEIGHT * MARK];
            scene.text(label(at, text, MARK, Anchor::End, false));
        }
        if self.last && !self.chart.x.name.is_empty() {
            let text = font::fitted(&self.chart.x.name, NAME, right - left + 40.0);
            let y = bottom + TICK + GAP + self.x_room + GAP + CAPITAL_HEIGHT * NAME;
            scene.text(label([0.5 * (left + right), y], text, NAME, Anchor::Middle, false));
        }
        if !self.chart.y.name.is_empty() {
            let text = font::fitted(&self.chart.y.name, NAME, bottom - top + 20.0);
            let x = left - TICK - GAP - self.labels - GAP;
            scene.text(label([x, 0.5 * (top + bottom)], text, NAME, Anchor::Middle, true));
        }
    }
}

fn label(at: [f64; 2], text: String, size: f64, anchor: Anchor, upwards: bool) -> Text {
    Text { at, text, size, colour: Colour::INK, anchor, upwards }
}

fn line(scene: &mut Scene, points: Vec<[f64; 2]>, look: LineLook) {
    let stroke = Stroke::new(look.colour, look.width);
    scene.line(points, look.dash.map_or(stroke, |dash| stroke.dashed(dash)));
}

/// Draws a marker with a thin white edge, so that overlapping points can be counted.
fn mark(scene: &mut Scene, [x, y]: [f64; 2], marker: Marker, colour: Colour, size: f64) {
    let corners = marker.corners();
    for (radius, colour) in [(size + 0.8, Colour::WHITE), (size, colour)] {
        if corners.is_empty() {
            scene.circle([x, y], radius, colour);
        } else {
            let around = corners.iter().map(|[u, v]| [x + radius * u, y + radius * v]).collect();
            scene.polygon(around, colour, 1.0);
        }
    }
}

/// Draws the legend from `top` downwards; entries that do not fit are counted.
fn legend(scene: &mut Scene, keys: &[Key], across: [f64; 2], top: f64, bottom: f64) {
    let room = ((bottom - top) / KEY_HEIGHT).floor().max(1.0) as usize;
    let shown = if keys.len() > room { room - 1 } else { keys.len() };
    let middle = |row: usize| top + (row as f64 + 0.5) * KEY_HEIGHT;
    for (row, key) in keys[..shown].iter().enumerate() {
        entry(scene, key, across, middle(row));
    }
    if shown < keys.len() {
        let more = Key { name: format!("and {} more", keys.len() - shown), ..Key::default() };
        entry(scene, &more, across, middle(shown));
    }
}

/// Draws the entries of the legend beside the ends of their lines, as near as they do not overlap.
fn beside_ends(scene: &mut Scene, keys: &[Key], places: &[f64], across: [f64; 2], within: [f64; 2]) {
    let places = apart(places, KEY_HEIGHT - 3.0, within);
    for (key, middle) in keys.iter().zip(places) {
        entry(scene, key, across, middle);
    }
}

/// Draws an entry of the legend, around this height.
fn entry(scene: &mut Scene, key: &Key, [left, right]: [f64; 2], middle: f64) {
    if let Some(ground) = key.ground {
        scene.rectangle([left, middle - 7.0], [left + KEY, middle + 7.0], ground);
    }
    if let Some(look) = key.line {
        line(scene, vec![[left, middle], [left + KEY, middle]], look);
    }
    if let Some((marker, colour)) = key.marker {
        mark(scene, [left + 0.5 * KEY, middle], marker, colour, 4.0);
    }
    let text_at = left + KEY + GAP;
    let text = font::fitted(&key.name, MARK, right - text_at);
    scene.text(label([text_at, middle + 0.5 * CAPITAL_HEIGHT * MARK], text, MARK, Anchor::Start, false));
}

/// Draws the colour bar beside a frame.
pub(super) fn colour_bar(scene: &mut Scene, bar: &Bar, beside: Frame, left: f64) {
    let Frame { left, top, right, bottom } = Frame { left, right: left + BAR, ..beside }.crisp();
    let y = |value: f64| bottom - bar.axis.place(value) * (bottom - top);
    let (low, high) = bar.axis.ends();
    for step in 0..bar.steps {
        // The difference of the ends may overflow.
        let share = |step: usize| step as f64 / bar.steps as f64;
        let edge = |step: usize| low * (1.0 - share(step)) + high * share(step);
        let colour = bar.scale.at((step as f64 + 0.5) / bar.steps as f64);
        // Each step reaches under the next, so that no background shows between them.
        let upper = if step + 1 < bar.steps { y(edge(step + 1)) - 1.0 } else { top };
        scene.rectangle([left, upper], [right, y(edge(step))], colour);
    }
    for &value in &bar.lines {
        let colour = if bar.scale.at(bar.axis.place(value)).is_light() { Colour::INK } else { Colour::WHITE };
        scene.line(vec![[left, y(value)], [right, y(value)]], Stroke::new(colour, 1.0));
    }
    let stroke = Stroke::new(Colour::INK, 1.0);
    scene.frame([left, top], [right, bottom], stroke);
    let ticks = bar.axis.ticks(5);
    for tick in &ticks {
        scene.line(vec![[right, y(tick.at)], [right + TICK, y(tick.at)]], stroke);
        let at = [right + TICK + GAP, y(tick.at) + 0.5 * CAPITAL_HEIGHT * MARK];
        scene.text(label(at, tick.label.clone(), MARK, Anchor::Start, false));
    }
    if !bar.axis.name.is_empty() {
        let x = right + TICK + GAP + widest(&ticks) + GAP + NAME * CAPITAL_HEIGHT;
        let text = font::fitted(&bar.axis.name, NAME, bottom - top + 20.0);
        scene.text(label([x, 0.5 * (top + bottom)], text, NAME, Anchor::Middle, true));
    }
}
