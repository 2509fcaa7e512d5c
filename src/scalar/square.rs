//! Transposition of squares of numbers in vector registers.

/// The number of rows and columns of a square.
pub(super) const SIDE: usize = 8;

/// Transposes a square of `f32`.
///
/// The fast path is inlined only where AVX is enabled, as inside of `vectorize`.
#[inline(always)]
pub(super) fn of_singles(rows: [&[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new() {
        return x86::of_singles(v3, rows);
    }
    entry_by_entry(rows)
}

/// Transposes a square of `f64`; see [`of_singles`].
#[inline(always)]
pub(super) fn of_doubles(rows: [&[f64; SIDE]; SIDE]) -> [[f64; SIDE]; SIDE] {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new() {
        return x86::of_doubles(v3, rows);
    }
    entry_by_entry(rows)
}

#[inline(always)]
fn entry_by_entry<T: Copy>(rows: [&[T; SIDE]; SIDE]) -> [[T; SIDE]; SIDE] {
    std::array::from_fn(|column| std::array::from_fn(|row| rows[row][column]))
}

/// The shuffles of AVX. The compiler finds none of them by itself, and moves numbers one by one.
///
/// Everything is inlined by force and without closures: a function of its own would not have AVX enabled.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::{__m256, __m256d};

    use pulp::cast;
    use pulp::x86::V3;

    use super::SIDE;

    #[inline(always)]
    pub(super) fn of_singles(v3: V3, rows: [&[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
        let [a, b, c, d, e, f, g, h] = rows;
        let (upper, lower) = (quarters(v3, a, b, c, d), quarters(v3, e, f, g, h));
        let mut columns = [[0.0; SIDE]; SIDE];
        for column in 0..4 {
            let (upper, lower) = (upper[column], lower[column]);
            columns[column] = cast(v3.avx._mm256_permute2f128_pd::<0x20>(upper, lower));
            columns[column + 4] = cast(v3.avx._mm256_permute2f128_pd::<0x31>(upper, lower));
        }
        columns
    }

    /// Transposes four rows: register i holds column i in its lower half and column i + 4 in its upper half.
    #[inline(always)]
    fn quarters(
        V3 { avx, .. }: V3,
        a: &[f32; SIDE],
        b: &[f32; SIDE],
        c: &[f32; SIDE],
        d: &[f32; SIDE],
    ) -> [__m256d; 4] {
        let (a, b): (__m256, __m256) = (cast(*a), cast(*b));
        let (c, d): (__m256, __m256) = (cast(*c), cast(*d));
        let low: __m256d = cast(avx._mm256_unpacklo_ps(a, b));
        let high: __m256d = cast(avx._mm256_unpackhi_ps(a, b));
        let low2: __m256d = cast(avx._mm256_unpacklo_ps(c, d));
        let high2: __m256d = cast(avx._mm256_unpackhi_ps(c, d));
        [
            avx._mm256_unpacklo_pd(low, low2),
            avx._mm256_unpackhi_pd(low, low2),
            avx._mm256_unpacklo_pd(high, high2),
            avx._mm256_unpackhi_pd(high, high2),
        ]
    }

    #[inline(always)]
    pub(super) fn of_doubles(v3: V3, rows: [&[f64; SIDE]; SIDE]) -> [[f64; SIDE]; SIDE] {
        let [a, b, c, d, e, f, g, h] = rows;
        let (a, b, c, d) = (halves(a), halves(b), halves(c), halves(d));
        let (e, f, g, h) = (halves(e), halves(f), halves(g), halves(h));
        let mut columns = [[0.0; SIDE]; SIDE];
        for right in 0..2 {
            let upper = four_by_four(v3, a[right], b[right], c[right], d[right]);
            let lower = four_by_four(v3, e[right], f[right], g[right], h[right]);
            for column in 0..4 {
                columns[4 * right + column] = cast([upper[column], lower[column]]);
            }
        }
        columns
    }

    #[inline(always)]
    fn halves(row: &[f64; SIDE]) -> [__m256d; 2] {
        cast(*row)
    }

    #[inline(always)]
    fn four_by_four(V3 { avx, .. }: V3, a: __m256d, b: __m256d, c: __m256d, d: __m256d) -> [__m256d; 4] {
        let (low, high) = (avx._mm256_unpacklo_pd(a, b), avx._mm256_unpackhi_pd(a, b));
        let (low2, high2) = (avx._mm256_unpacklo_pd(c, d), avx._mm256_unpackhi_pd(c, d));
        [
            avx._mm256_permute2f128_pd::<0x20>(low, low2),
            avx._mm256_permute2f128_pd::<0x20>(high, high2),
            avx._mm256_permute2f128_pd::<0x31>(low, low2),
            avx._mm256_permute2f128_pd::<0x31>(high, high2),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_transposed() {
        let singles: [[f32; 8]; 8] = std::array::from_fn(|i| std::array::from_fn(|j| (10 * i + j) as f32));
        let doubles = singles.map(|row| row.map(f64::from));
        let (from_singles, from_doubles) = (of_singles(singles.each_ref()), of_doubles(doubles.each_ref()));
        for i in 0..8 {
            for j in 0..8 {
                assert_eq!((from_singles[j][i], from_doubles[j][i]), (singles[i][j], doubles[i][j]));
            }
        }
        assert_eq!(entry_by_entry(singles.each_ref()), from_singles);
    }
}
