//! Portable random numbers: SplitMix64 in streams, the same in any language.

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
const STREAM: u64 = 0xD1B5_4A32_D192_ED03;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A stream of random numbers for a seed and a tag.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    state: u64,
}

impl Stream {
    pub(crate) fn new(seed: u64, tag: u64) -> Self {
        Stream { state: mix(mix(seed.wrapping_add(1)).wrapping_add(tag.wrapping_mul(STREAM))) }
    }

    /// Returns a number from 0 to 1 (excluded).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(GAMMA);
        (mix(self.state) >> 11) as f64 * (-53f64).exp2()
    }

    /// Returns a normal number, from two uniform ones.
    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.uniform(), self.uniform());
        (-2.0 * (-radius).ln_1p()).sqrt() * (2.0 * std::f64::consts::PI * angle).cos()
    }

    pub(crate) fn uniforms(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.uniform()).collect()
    }

    pub(crate) fn normals(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.normal()).collect()
    }

    /// Returns a permutation of 0 to `count`: the order of uniform numbers.
    pub(crate) fn permutation(&mut self, count: usize) -> Vec<usize> {
        let numbers = self.uniforms(count);
        order((0..count).collect(), |&index| numbers[index])
    }
}

/// Returns the items in ascending order of their keys; equal keys keep their order.
pub(crate) fn order<A>(mut items: Vec<A>, key: impl Fn(&A) -> f64) -> Vec<A> {
    items.sort_by(|a, b| key(a).total_cmp(&key(b)));
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_has_the_published_numbers() {
        let near = |found: Vec<f64>, wanted: [f64; 4]| {
            assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-10), "{found:?}");
        };
        let uniforms = [0.0353975927, 0.7870534588, 0.4018487589, 0.0867168990];
        near(Stream::new(42, 1).uniforms(4), uniforms);
        near(Stream::new(42, 1).normals(4), [0.0619414326, 0.8670163437, 1.9375866055, -0.2217826598]);
        assert_eq!(Stream::new(7, 2).permutation(8), [1, 6, 2, 5, 4, 0, 3, 7]);
    }

    #[test]
    fn equal_keys_keep_their_order() {
        assert_eq!(order(vec![3, 1, 2, 0], |&i| f64::from(i / 2)), [1, 0, 3, 2]);
    }
}
