//! Lines and letters on a grid of characters.

/// The first braille character, which is blank; the eight dots are bits above it.
const BLANK: u32 = 0x2800;

/// The bits of the dots, by row and column within a character.
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// A grid of characters, each of which may be two by four dots.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    dots: Vec<u8>,
    letters: Vec<Option<char>>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        let cells = width * height;
        Canvas { width, height, dots: vec![0; cells], letters: vec![None; cells] }
    }

    /// Draws a line between two points, given as fractions of the canvas to the right and upwards, from 0 to
    /// 1.
    ///
    /// Whatever is outside is not drawn. Points that are not finite draw nothing.
    pub(super) fn line(&mut self, from: [f64; 2], to: [f64; 2]) {
        if !from.iter().chain(&to).all(|part| part.abs() < 1e6) {
            return;
        }
        let place =
            |[x, y]: [f64; 2]| [x * (2 * self.width - 1) as f64, (1.0 - y) * (4 * self.height - 1) as f64];
        let (from, to) = (place(from), place(to));
        let steps = (to[0] - from[0]).abs().max((to[1] - from[1]).abs()).ceil().max(1.0);
        // Limits the number of steps of lines that extend far outside.
        let longest = 8.0 * (2 * self.width + 4 * self.height) as f64;
        let steps = steps.min(longest) as usize;
        for step in 0..=steps {
            let share = step as f64 / steps as f64;
            let at = [0, 1].map(|axis| (from[axis] + share * (to[axis] - from[axis])).round());
            self.dot(at);
        }
    }

    fn dot(&mut self, [x, y]: [f64; 2]) {
        if x < 0.0 || y < 0.0 {
            return;
        }
        let (x, y) = (x as usize, y as usize);
        if x < 2 * self.width && y < 4 * self.height {
            self.dots[y / 4 * self.width + x / 2] |= DOTS[y % 4][x % 2];
        }
    }

    /// Returns the column and line of a point, from the upper left; `None` if the point is outside the
    /// canvas.
    pub(super) fn cell(&self, [x, y]: [f64; 2]) -> Option<(usize, usize)> {
        let inside = (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y);
        let index = |part: f64, count: usize| ((part * count as f64) as usize).min(count - 1);
        inside.then(|| (index(x, self.width), index(1.0 - y, self.height)))
    }

    pub(super) fn put(&mut self, (column, line): (usize, usize), letter: char) {
        self.letters[line * self.width + column] = Some(letter);
    }

    /// Returns the letter that was put into a cell.
    pub(super) fn letter(&self, (column, line): (usize, usize)) -> Option<char> {
        self.letters[line * self.width + column]
    }

    /// Returns the lines from the top.
    pub(super) fn lines(&self) -> Vec<String> {
        let sign = |cell: usize| {
            let dots = char::from_u32(BLANK + u32::from(self.dots[cell])).filter(|_| self.dots[cell] > 0);
            self.letters[cell].or(dots).unwrap_or(' ')
        };
        (0..self.height)
            .map(|line| (line * self.width..(line + 1) * self.width).map(sign).collect())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagonal_is_a_diagonal_of_dots() {
        let mut canvas = Canvas::new(2, 1);
        canvas.line([0.0, 0.0], [1.0, 1.0]);
        assert_eq!(canvas.lines(), ["⡠⠊"]);
        canvas.put((1, 0), 'a');
        assert_eq!(canvas.lines(), ["⡠a"]);
    }

    #[test]
    fn what_is_outside_is_left_out() {
        let mut canvas = Canvas::new(4, 2);
        canvas.line([f64::NAN, 0.0], [1.0, 1.0]);
        canvas.line([2.0, 2.0], [3.0, 3.0]);
        canvas.line([1e300, 0.0], [0.0, 0.0]);
        assert_eq!(canvas.lines(), ["    ", "    "]);
        assert_eq!(canvas.cell([1.5, 0.5]), None);
        assert_eq!(canvas.cell([1.0, 1.0]), Some((3, 0)));
    }
}
