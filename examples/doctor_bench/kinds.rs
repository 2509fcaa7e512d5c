//! Generated data: rows and classes of every kind.

use std::f64::consts::PI;

use nalgebra::DMatrix;

use super::data_schema::{Data, Kind};
use super::random::Stream;

/// Rows and the class of each.
pub(crate) type Labelled = (DMatrix<f64>, Vec<usize>);

/// The settings of a generator, with its streams of random numbers.
struct Generator<'a> {
    data: &'a Data,
    rows: usize,
    columns: usize,
    classes: usize,
    noise: f64,
    features: Stream,
    labels: Stream,
    extra: Stream,
    weights: Stream,
}

/// Generates the data of a program.
pub(crate) fn generate(data: &Data) -> Result<Labelled, String> {
    let kind = data.kind.ok_or("generated data without a kind")?;
    let rows = data.n.ok_or("generated data without a number of rows")?;
    let stream = |tag| Stream::new(data.seed, tag);
    let generator = Generator {
        data,
        rows,
        columns: data.d.unwrap_or(2),
        classes: data.classes.unwrap_or(2),
        noise: data.noise.unwrap_or(0.1),
        features: stream(1),
        labels: stream(2),
        extra: stream(3),
        weights: stream(4),
    };
    if data.imbalance.as_ref().is_some_and(|shares| shares.len() < generator.classes) {
        return Err("a share of rows is missing for a class".to_owned());
    }
    Ok(generator.of(kind))
}

impl Generator<'_> {
    fn of(self, kind: Kind) -> Labelled {
        match kind {
            Kind::Gauss => self.gauss(),
            Kind::Moons => self.moons(),
            Kind::Rings => self.rings(),
            Kind::Spiral => self.spiral(),
            Kind::Checker => self.checker(),
            Kind::Wedge => self.wedge(),
            Kind::Linear => self.linear(),
            Kind::Softlinear => self.softlinear(),
            Kind::Words => self.words(),
            Kind::Pixels => self.pixels(),
            Kind::Table => self.table(),
            Kind::Noise => self.pure_noise(),
        }
    }

    /// Draws classes with the shares of the data.
    fn drawn(&mut self, classes: usize) -> Vec<usize> {
        let even = vec![1.0 / classes as f64; classes];
        let shares = self.data.imbalance.as_ref().unwrap_or(&even);
        let total: f64 = shares.iter().sum();
        let count = |share: &f64| (share / total * self.rows as f64 + 1e-9).floor() as usize;
        let mut counts: Vec<usize> = shares.iter().map(count).collect();
        counts[0] += self.rows.saturating_sub(counts.iter().sum());
        let sorted: Vec<usize> =
            counts.iter().enumerate().flat_map(|(class, &count)| vec![class; count]).collect();
        self.labels.permutation(sorted.len()).into_iter().map(|row| sorted[row]).collect()
    }

    /// Adds noise to rows in the plane, and columns of noise up to the number of columns.
    fn in_plane(mut self, points: Vec<[f64; 2]>, y: Vec<usize>) -> Labelled {
        let shift = DMatrix::from_row_slice(self.rows, 2, &self.features.normals(2 * self.rows));
        let plane = DMatrix::from_fn(self.rows, 2, |row, column| points[row][column]) + shift * self.noise;
        let more = self.columns.saturating_sub(2);
        let noise = DMatrix::from_row_slice(self.rows, more, &self.extra.normals(more * self.rows));
        (beside(&plane, &noise), y)
    }

    fn normal_rows(&mut self) -> DMatrix<f64> {
        let numbers = self.features.normals(self.rows * self.columns);
        DMatrix::from_row_slice(self.rows, self.columns, &numbers)
    }

    fn gauss(mut self) -> Labelled {
        let y = self.drawn(self.classes);
        let separation = self.data.separation.unwrap_or(2.0);
        let numbers = self.weights.normals(self.classes * self.columns);
        let mut centres = DMatrix::from_row_slice(self.classes, self.columns, &numbers);
        for mut centre in centres.row_iter_mut() {
            let norm = centre.norm();
            centre *= separation / norm;
        }
        let noise = self.normal_rows() * self.noise;
        (DMatrix::from_fn(self.rows, self.columns, |i, j| centres[(y[i], j)] + noise[(i, j)]), y)
    }

    fn moons(mut self) -> Labelled {
        let y = self.drawn(2);
        let turns = self.features.uniforms(self.rows);
        let point = |(&class, turn): (&usize, f64)| {
            let (sine, cosine) = (PI * turn).sin_cos();
            if class == 0 { [cosine, sine] } else { [1.0 - cosine, 0.5 - sine] }
        };
        let points = y.iter().zip(turns).map(point).collect();
        self.in_plane(points, y)
    }

    fn rings(mut self) -> Labelled {
        let y = self.drawn(self.classes);
        let turns = self.features.uniforms(self.rows);
        let polar = |(&class, turn): (&usize, f64)| at(1.0 + class as f64, 2.0 * PI * turn);
        let points = y.iter().zip(turns).map(polar).collect();
        self.in_plane(points, y)
    }

    fn spiral(mut self) -> Labelled {
        let y = self.drawn(self.classes);
        let radii = self.features.uniforms(self.rows);
        let turns = self.data.turns.unwrap_or(0.5);
        let polar = |(&class, radius): (&usize, f64)| {
            let radius = 0.15 + 0.85 * radius;
            at(radius, 2.0 * PI * class as f64 / self.classes as f64 + turns * 2.0 * PI * radius)
        };
        let points = y.iter().zip(radii).map(polar).collect();
        self.in_plane(points, y)
    }

    fn checker(mut self) -> Labelled {
        let cells = self.data.cells.unwrap_or(3.0);
        let numbers = self.features.uniforms(2 * self.rows);
        let points: Vec<[f64; 2]> = numbers.chunks_exact(2).map(|p| [cells * p[0], cells * p[1]]).collect();
        let y = points.iter().map(|p| (p[0].floor() + p[1].floor()) as usize % 2).collect();
        self.in_plane(points, y)
    }

    /// The class is the sign of the product of two coordinates.
    fn wedge(mut self) -> Labelled {
        let apart = |u: f64| {
            let coordinate = -1.0 + 2.0 * u;
            let sign = if coordinate == 0.0 { 0.0 } else { coordinate.signum() };
            coordinate + 0.12 * sign
        };
        let numbers = self.features.uniforms(2 * self.rows);
        let points: Vec<[f64; 2]> = numbers.chunks_exact(2).map(|p| [apart(p[0]), apart(p[1])]).collect();
        let y = points.iter().map(|p| usize::from(p[0] * p[1] > 0.0)).collect();
        self.in_plane(points, y)
    }

    /// Draws classes with log-odds that are linear in the rows.
    fn linear_classes(&mut self, x: &DMatrix<f64>, strength: f64) -> Vec<usize> {
        let mut weights = nalgebra::DVector::from_vec(self.weights.normals(self.columns));
        weights /= weights.norm();
        let (product, bias) = (x * weights, self.data.bias.unwrap_or(0.0));
        let class = |sum: &f64| {
            let score = strength * sum + bias;
            usize::from(self.labels.uniform() < 1.0 / (1.0 + (-score).exp()))
        };
        product.iter().map(class).collect()
    }

    fn linear(mut self) -> Labelled {
        let x = self.normal_rows();
        let y = self.linear_classes(&x, self.data.strength.unwrap_or(2.0));
        (x, y)
    }

    /// Several classes: scores that are linear in the rows, plus Gumbel noise.
    fn softlinear(mut self) -> Labelled {
        let x = self.normal_rows();
        let numbers = self.weights.normals(self.columns * self.classes);
        let mut weights = DMatrix::from_row_slice(self.columns, self.classes, &numbers);
        for mut column in weights.column_iter_mut() {
            let norm = column.norm();
            column /= norm;
        }
        let scores = &x * weights * self.data.strength.unwrap_or(2.0);
        let mut largest = |row: usize| {
            let mut best = (0, f64::NEG_INFINITY);
            for class in 0..self.classes {
                let noisy = scores[(row, class)] - (-(self.labels.uniform() + 1e-300).ln()).ln();
                best = if noisy > best.1 { (class, noisy) } else { best };
            }
            best.0
        };
        let y = (0..self.rows).map(&mut largest).collect();
        (x, y)
    }

    /// Sparse rows of 0 and 1: each class prefers a block of columns.
    fn words(mut self) -> Labelled {
        let y = self.drawn(self.classes);
        let (base, hit) = (self.data.base.unwrap_or(0.04), self.data.hit.unwrap_or(0.22));
        let block = self.columns / (self.classes + 1);
        let uniforms = self.features.uniforms(self.rows * self.columns);
        let word = |row: usize, column: usize| {
            let preferred = (y[row] * block..(y[row] + 1) * block).contains(&column);
            let share = if preferred { hit } else { base };
            if uniforms[row * self.columns + column] < share { 1.0 } else { 0.0 }
        };
        (DMatrix::from_fn(self.rows, self.columns, word), y)
    }

    /// Square pictures with a dark border, from a template for each class.
    fn pixels(mut self) -> Labelled {
        let side = (self.columns as f64).sqrt().round() as usize;
        let y = self.drawn(self.classes);
        let templates: Vec<Vec<f64>> = (0..self.classes).map(|_| self.template(side)).collect();
        let shades = self.features.uniforms(self.rows);
        let count = side * side;
        let noise = self.features.normals(self.rows * count);
        let dust = self.features.uniforms(self.rows * count);
        let pixel = |row: usize, column: usize| {
            let index = row * count + column;
            let value = if on_border(column, side) {
                if dust[index] < 0.004 { 0.1 } else { 0.0 }
            } else {
                let shade = 0.6 + 0.4 * shades[row];
                (templates[y[row]][column] * shade + self.noise * noise[index]).clamp(0.0, 1.0)
            };
            (value * 1000.0).round_ties_even() / 1000.0
        };
        (DMatrix::from_fn(self.rows, count, pixel), y)
    }

    /// Returns a picture of three rectangles.
    fn template(&mut self, side: usize) -> Vec<f64> {
        let mut picture = vec![0.0f64; side * side];
        let room = side as f64 - 3.0;
        for _ in 0..3 {
            let mut draw = |range: f64| (self.weights.uniform() * range) as usize;
            let [top, left, height, width] = [draw(room), draw(room), draw(3.0), draw(3.0)];
            for line in 1 + top..(2 + top + height).min(side) {
                for column in 1 + left..(2 + left + width).min(side) {
                    picture[line * side + column] += 0.6;
                }
            }
        }
        let inside = |(index, value): (usize, &f64)| {
            if on_border(index, side) { 0.0 } else { value.min(1.0) }
        };
        picture.iter().enumerate().map(inside).collect()
    }

    /// Columns in raw units: years, money, shares, counts.
    fn table(mut self) -> Labelled {
        const SCALE: [f64; 8] = [12.0, 9000.0, 0.05, 300.0, 1.0, 40.0, 2.5e4, 0.3];
        const OFFSET: [f64; 8] = [45.0, 32000.0, 0.4, 900.0, 0.0, 120.0, 1e5, 1.0];
        let z = self.normal_rows();
        let y = self.linear_classes(&z, self.data.strength.unwrap_or(4.0));
        let cell = |row, column| z[(row, column)] * SCALE[column % 8] + OFFSET[column % 8];
        (DMatrix::from_fn(self.rows, self.columns, cell), y)
    }

    fn pure_noise(mut self) -> Labelled {
        let x = self.normal_rows();
        let y = self.drawn(self.classes);
        (x, y)
    }
}

fn at(radius: f64, angle: f64) -> [f64; 2] {
    [radius * angle.cos(), radius * angle.sin()]
}

fn on_border(index: usize, side: usize) -> bool {
    let (line, column) = (index / side, index % side);
    line == 0 || column == 0 || line + 1 == side || column + 1 == side
}

/// Returns the columns of both matrices.
pub(crate) fn beside(left: &DMatrix<f64>, right: &DMatrix<f64>) -> DMatrix<f64> {
    let columns: Vec<_> = left.column_iter().chain(right.column_iter()).collect();
    if columns.is_empty() { left.clone() } else { DMatrix::from_columns(&columns) }
}
